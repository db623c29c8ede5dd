from created_equal.definitions import canonical, digest_of, in_study, short_digest

ONE, SAME = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}


def test_equal_definitions_are_written_alike():
    assert canonical(ONE) == canonical(SAME) == '{"a":1,"b":{"c":2,"d":3}}'
    assert canonical({"a": 1}) != canonical({"a": 2})


def test_equal_definitions_have_the_same_digest():
    assert digest_of(ONE, 16) == digest_of(SAME, 16) != digest_of({"a": 1}, 16)
    assert len(digest_of(ONE, 16)) == 32 and len(short_digest(ONE)) == 8


def test_what_writers_add_is_not_of_the_study():
    assert in_study(ONE | {"engine_version": 3, "data": "0a"}) == ONE
