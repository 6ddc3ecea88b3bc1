//! Runs that come to nothing: an input that cannot be read, or has nothing in it. Such a mistake leaves
//! no run behind.

use jarvix_collect::admit::{Admission, AdmitError};
use jarvix_pipeline::{Ending, LineError, OpenRun};
use jarvix_store::Store;

use super::context::{line_error, store_error};
use crate::error::CliError;

/// Whether the input could not be read, or had nothing in it.
pub fn came_of(ended: &Result<Ending, LineError>) -> bool {
    match ended {
        Ok(ending) => {
            let nothing = |a: &Admission| a.lines == 0 && a.admitted == 0;
            !ending.interrupted && ending.admission.as_ref().is_some_and(nothing)
        }
        Err(LineError::Admit(AdmitError::Input(_))) => true,
        Err(_) => false,
    }
}

/// Removes the run, which is new, and says what was wrong with the input `named`.
pub fn take_back(
    store: &Store,
    open: OpenRun,
    ended: Result<Ending, LineError>,
    named: &str,
) -> CliError {
    let run = open.id.clone();
    // Its lock has to go before it does.
    drop(open);
    match (store.remove_run(&run), ended) {
        (Err(error), _) => store_error(&error),
        (Ok(()), Err(error)) => line_error(error),
        (Ok(()), Ok(_)) => CliError::usage(format!("there is nothing to fetch in {named}")).help(
            "a list has one URL a line; blank lines and lines that begin with # are passed over",
        ),
    }
}
