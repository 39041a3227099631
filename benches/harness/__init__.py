"""What `benches/run.py` is made of: jobs, contenders, the rows of the table, and how results are kept and shown."""
