"""Do neural networks learn the same examples in the same order?

docs/python.md shows how to use the names below. Each is imported when it is first used, so that
``import created_equal`` is cheap, and needs only the libraries that are used.
"""

from importlib import import_module

__version__ = "0.1.0"

# Every public name, and its module.
_MODULES = {
    "InputError": "errors",
    "SNAKEFILE": "paths",
    "REFERENCE": "api",
    "load_dataset": "api",
    "load_predictions": "api",
    "load_scores": "api",
    "score": "api",
    "table": "api",
    "draw": "api",
    "Recorder": "recorder",
}
__all__ = [*_MODULES]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
