//! Memory of a stack on its host, and the limit that a service needs: the sums for `oomlint budget`, the advice for
//! `oomlint size`, the plan of `oomlint fit`, and what rules compare with them.

mod advice;
mod entry;
mod fit;
mod need;
mod plan;
mod share;
mod stack;

pub use self::advice::{Advice, OversizedPool, Term, Verdict, advise};
pub use self::entry::{Entry, ManagedMemory, Swap};
pub use self::fit::{Fit, HostFit};
pub use self::need::{Need, NoNumber};
pub use self::plan::{
    Basis, Change, Demand, Grant, Plan, RESERVE_RULE, Room, Step, Target, Targets, reserve,
};
pub use self::share::{Share, shares, started, sum};
pub use self::stack::{Host, Overrun, Stack, Sum};
