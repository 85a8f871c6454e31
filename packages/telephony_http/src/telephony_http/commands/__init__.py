"""What each command of the command line does; `cli` says how it is called. Imported only when the command runs."""
