from commands import printed_by

SCRIPT = """
import atexit, gc
from created_equal.garbage import collect_less
atexit.register(lambda: print(gc.get_freeze_count() > 1000))
before = gc.get_threshold()
collect_less()
print(gc.get_threshold()[0] > 10 * before[0], gc.isenabled())
"""


def test_garbage_is_collected_less_often_and_not_at_the_end():
    assert printed_by(SCRIPT).split() == ["True", "True", "True"]
