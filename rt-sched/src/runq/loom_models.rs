//! Models of the run queue.
