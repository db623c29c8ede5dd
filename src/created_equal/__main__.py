"""``python -m created_equal``, the same as the command ``created-equal``."""

import sys

from created_equal.extras import MissingLibraryError, naming_extras
from created_equal.garbage import collect_less


def main() -> None:
    """Run the command line; a missing library ends it with one sentence and exit code 2."""
    collect_less()
    try:
        with naming_extras():
            from created_equal.cli import main as run

            run()
    except MissingLibraryError as error:
        print(f"created-equal: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # While modules are loaded; then each command handles it.
        print("created-equal: stopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
