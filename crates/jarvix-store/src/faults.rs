//! Fault points: places where a kill test stops the process. With the feature `failpoints` off they
//! are nothing at all.
//!
//! A point is turned on from outside (`FAILPOINTS='part::before_rename=2*off->return'`); `return`
//! aborts the process there, as a kill -9 would. The names, in the order they are passed:
//! `part::created`, `part::before_sync`, `part::before_rename`, `part::after_rename`,
//! `part::after_dir_sync`, `commit::before`, `commit::after`, `switch::before_tx`,
//! `switch::after_tx`, `switch::after_exchange`, `switch::after_remove`; in a quarantine
//! `quarantine::after_move`, `quarantine::after_tx`.
//!
//! `planted::commit_before_rename` is a planted defect, not a fault: with it on, a part is renamed
//! only after its commit. A kill test that does not notice it proves nothing.

/// Aborts the process if the fault point of this name is on.
macro_rules! fault {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

pub(crate) use fault;

/// Whether the planted defect is on.
#[cfg(feature = "failpoints")]
pub(crate) fn commit_before_rename() -> bool {
    fn on() -> bool {
        fail::fail_point!("planted::commit_before_rename", |_| true);
        false
    }
    on()
}
