"""``python -m created_equal``, the same as the command ``created-equal``."""

from created_equal.cli import main

if __name__ == "__main__":
    main()
