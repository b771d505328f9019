"""What ``manage.py up`` is made of: the processes of an embedded instance, its demo, and what it prints."""
