//! Rows: how the plain structs of core become columns and come back. Each struct says its cells in
//! schema order, once for writing and once for reading.

use jarvix_core::Dataset;

mod builders;
mod cells;
mod document;
mod page;
mod small;

pub use builders::Columns;
pub use cells::{Cells, WrongCell};

/// A row of a dataset.
pub trait Row: Sized + Send {
    /// The dataset it is a row of.
    const DATASET: Dataset;

    /// Puts every cell into `columns`, in schema order.
    fn write(&self, columns: &mut Columns);

    /// The same of a row that nobody needs any more: what is large in it is taken, not copied.
    fn give(self, columns: &mut Columns) {
        self.write(columns);
    }

    /// Takes every cell from `cells`, in schema order.
    fn read(cells: &mut Cells<'_>) -> Result<Self, WrongCell>;
}
