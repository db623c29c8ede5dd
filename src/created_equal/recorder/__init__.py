"""Recording what networks predict in anybody's training loop, as an ordinary predictions file.

``lightning``, ``transformers`` and ``keras`` are modules with a callback for each of these; they
are imported by those who use them alone.
"""

from .recorder import Recorder
