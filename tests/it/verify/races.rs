//! Checkpoints that go while they are looked at, and requests that fail.
