"""Recording the predictions of networks in any training loop, as an ordinary predictions file.

The modules ``lightning``, ``transformers`` and ``keras`` have a callback for the library of that
name. They are not imported here, because each needs its library.
"""

from .recorder import Recorder
