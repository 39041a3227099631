"""What `rdb.pdb` is made of: the class `Pdb` in parts, each about one side of it."""
