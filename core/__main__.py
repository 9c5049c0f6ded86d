"""`python -m core ...` is `fusionscope ...`."""

from core.cli import main

if __name__ == "__main__":
    main()
