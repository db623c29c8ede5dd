"""A user's own networks: the files that define them, and a digest of their contents."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from created_equal.errors import InputError, because


@dataclass(frozen=True)
class OwnNetwork:
    """A function in a Python file that makes a network.

    Attributes:
        module: the name under which the file is imported from the folder.
        function: the name of the function.
        folder: an absolute path.
        digest: of the file and of those in the folder that it imports, see ``digest_of``.
    """

    module: str
    function: str
    folder: Path
    digest: str


def find_own_network(name: str, *folders: Path) -> OwnNetwork:
    """Find a user's own network in the first of these folders that has its file.

    Args:
        name: the module and the function, ``"my_nets:make"``.
        folders: where to look.

    Raises:
        InputError: no folder has the file, or it cannot be read as Python.
    """
    module, _, function = name.partition(":")
    for folder in (each.resolve() for each in folders):
        if _file_of(module, folder):
            return OwnNetwork(module, function, folder, digest_of(module, folder))
    file = f"{module.replace('.', '/')}.py"
    places = " nor ".join(str(folder / file) for folder in folders)
    raise InputError(f"there is no {places}; put the file with the function {function} there.")


def digest_of(module: str, folder: Path) -> str:
    """Return a digest of a module and of all modules in the folder that it imports.

    Installed packages do not count, and neither do files that the modules read.

    Raises:
        InputError: a file cannot be read as Python.
    """
    waiting, seen = [module], {}
    while waiting:
        name = waiting.pop()
        file = _file_of(name, folder)
        if file is None or file in seen:
            continue
        try:
            seen[file] = file.read_bytes()
            waiting += sorted(_imported(ast.parse(seen[file]), file, folder))
        except OSError as error:
            raise InputError(
                f"{file} cannot be read {because(error, 'make it readable')}"
            ) from error
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
            raise InputError(
                f"{file}{line} is not valid Python ({getattr(error, 'msg', error)}); correct it."
            ) from error
    digest = blake2b(digest_size=16)
    for file, contents in sorted(seen.items()):
        digest.update(f"{file.relative_to(folder).as_posix()} {len(contents)}\n".encode())
        digest.update(contents)
    return digest.hexdigest()


def _file_of(module: str, folder: Path) -> Path | None:
    path = folder.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
        if file.is_file():
            return file
    return None


def _imported(tree: ast.Module, file: Path, folder: Path) -> Iterator[str]:
    """Yield the names of all modules that a file may import, and of those that contain them."""
    package = file.relative_to(folder).parts[:-1]
    names = [".".join(package)] if package else []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = [*above, *filter(None, [node.module])]
            names += [".".join([*base, alias.name]) for alias in node.names]
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
