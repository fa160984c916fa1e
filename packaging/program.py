"""Where the frozen program begins."""

from csr_desktop.__main__ import main

if __name__ == "__main__":
    main(prog_name="csr-desktop")
