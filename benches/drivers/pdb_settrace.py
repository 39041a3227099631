"""Runs pdb's command line over `sys.settrace`: from 3.14 on it would take `sys.monitoring`."""

import pdb


class Pdb(pdb.Pdb):
    """pdb with the other backend, whatever its command line asks for."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs | {"backend": "settrace"})


if __name__ == "__main__":
    pdb.Pdb = Pdb
    pdb.main()
