"""The process on 8080: client sockets, the queue, rooms and tokens."""
