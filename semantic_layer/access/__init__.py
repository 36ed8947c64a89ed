"""Who may see and do what; turns a bound query into a permitted one."""
