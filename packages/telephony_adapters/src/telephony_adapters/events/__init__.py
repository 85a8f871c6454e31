"""From the outbox to those who listen: how events that are stored become a stream that nobody misses a part of.

    a transaction commits, its events with it (store)
      -> `signals`    wakes the relay, here or in another process
      -> `relay`      one process, the holder of the lease, gives each event its position in the stream
      -> `signals`    wakes all processes
      -> `feed`       each process reads what is new, once, and hands it to its readers
      -> `handover`   the holder of the lease hands it to brokers of whoever embeds us

`history` is how the stream is read, `retention` how its old end is cut off.
"""
