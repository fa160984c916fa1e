"""Where the frozen program begins."""

from csr_desktop.__main__ import main
from csr_desktop.system.own_program import command_name

if __name__ == "__main__":
    main(prog_name=command_name())
