//! The bus's limits: with them its memory is at most subscribers x priorities x slots x batch.

/// Limits of a [`Bus`](crate::Bus).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusSettings {
    /// Slots per subscriber and priority; a slot holds an event or a shared batch. At least 1.
    pub lane_slots: usize,
    /// Events per batch; a longer one is cut into several. At least 1.
    pub batch_events_max: usize,
    /// Subscribers at the same time.
    pub subscribers_max: usize,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self { lane_slots: 1024, batch_events_max: 256, subscribers_max: 64 }
    }
}

impl BusSettings {
    /// The settings with every limit that must not be zero raised to one.
    pub(crate) fn sound(self) -> Self {
        Self {
            lane_slots: self.lane_slots.max(1),
            batch_events_max: self.batch_events_max.max(1),
            ..self
        }
    }
}
