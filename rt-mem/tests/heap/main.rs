//! The heap as its users see it.

mod books;
mod edges;
mod state_machine;
mod threads;
