"""`mlconn`: one module a command group. Modules import only what `--help` needs; everything else inside the commands.

May import everything. Start at app.py.
"""
