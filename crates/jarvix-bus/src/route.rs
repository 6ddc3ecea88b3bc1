//! Where an event goes: topics are what subscribers choose by, priorities are what is read first
//! and, by lane, what is lost first.

/// Topics are numbers below this, so that a choice of them is one machine word.
pub const TOPICS_MAX: u8 = 64;

/// How many priorities there are.
pub const PRIORITIES: usize = Priority::ALL.len();

/// How urgent an event is. A subscriber reads its lanes in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody has to know now: the run ended, a stage failed.
    Critical,
    /// A landmark: a part was committed, a stage began.
    High,
    /// The ordinary flow.
    Normal,
    /// Detail.
    Low,
    /// Interesting when nothing else is.
    Background,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 5] =
        [Self::Critical, Self::High, Self::Normal, Self::Low, Self::Background];

    /// Its place in [`ALL`](Self::ALL), and in arrays with one number per priority.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Where one event goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route {
    /// What it is about; below [`TOPICS_MAX`]. A larger number reaches nobody.
    pub topic: u8,
    /// How urgent it is.
    pub priority: Priority,
}

/// A choice of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topics(u64);

impl Topics {
    /// Everything.
    pub const ALL: Self = Self(u64::MAX);
    /// Nothing yet; add to it with [`with`](Self::with).
    pub const NONE: Self = Self(0);

    /// Only `topic`.
    pub const fn one(topic: u8) -> Self {
        Self::NONE.with(topic)
    }

    /// This choice and `topic`; one that is not below [`TOPICS_MAX`] adds nothing.
    pub const fn with(self, topic: u8) -> Self {
        match 1u64.checked_shl(topic as u32) {
            Some(bit) => Self(self.0 | bit),
            None => self,
        }
    }

    /// Whether `topic` was chosen.
    pub const fn contains(self, topic: u8) -> bool {
        match 1u64.checked_shl(topic as u32) {
            Some(bit) => self.0 & bit != 0,
            None => false,
        }
    }
}

impl FromIterator<u8> for Topics {
    fn from_iter<I: IntoIterator<Item = u8>>(topics: I) -> Self {
        topics.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_holds_what_was_put_in_and_nothing_else() {
        let some: Topics = [0, 7, 63].into_iter().collect();
        for topic in 0..=u8::MAX {
            assert_eq!(some.contains(topic), [0, 7, 63].contains(&topic), "{topic}");
            assert_eq!(Topics::ALL.contains(topic), topic < TOPICS_MAX, "{topic}");
            assert!(!Topics::NONE.contains(topic), "{topic}");
        }
        assert_eq!(Topics::one(64), Topics::NONE);
    }

    #[test]
    fn the_index_is_the_place_in_the_list() {
        for (place, priority) in Priority::ALL.into_iter().enumerate() {
            assert_eq!(priority.index(), place);
        }
    }
}
