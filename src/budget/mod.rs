//! Memory budget of a stack on its host: the sums for `oomlint budget` and the rules about the host.

mod entry;
mod share;
mod stack;

pub use self::entry::{Entry, ManagedMemory, Swap};
pub use self::share::{Share, shares, started, sum};
pub use self::stack::{Host, Overrun, Stack, Sum};
