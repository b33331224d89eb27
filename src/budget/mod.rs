//! What a stack may take of its host: the sums that the rules about the host and `oomlint budget` share.

mod entry;
mod share;
mod stack;

pub use self::entry::{Entry, ManagedMemory, Swap};
pub use self::share::{Share, shares, started, sum};
pub use self::stack::{Excess, Host, Stack, Sum};
