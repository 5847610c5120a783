//! Sums of bytes, in Flink's count.

use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::keyed::add;
use crate::format::flink::keyed::size_of;
use crate::format::flink::operator::OperatorHandle;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;

/// Bytes of state, `None` where a part is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Flink's state size: everything.
    pub state: Option<u64>,
    /// Flink's checkpointed size: what this checkpoint uploaded.
    pub new: Option<u64>,
    /// Keyed state, managed and raw.
    pub keyed: Option<u64>,
    /// Operator state, managed and raw.
    pub operator: Option<u64>,
    /// In-flight data.
    pub channel: Option<u64>,
    /// Coordinators' state.
    pub coordinator: u64,
}

impl Sizes {
    /// No bytes at all; `records_new` says whether Flink recorded what was uploaded.
    pub fn zero(records_new: bool) -> Self {
        let zero = Some(0);
        let new = records_new.then_some(0);
        Sizes { state: zero, new, keyed: zero, operator: zero, channel: zero, coordinator: 0 }
    }

    /// Both together.
    pub fn plus(&self, other: &Sizes) -> Sizes {
        Sizes {
            state: add(self.state, other.state),
            new: add(self.new, other.new),
            keyed: add(self.keyed, other.keyed),
            operator: add(self.operator, other.operator),
            channel: add(self.channel, other.channel),
            coordinator: self.coordinator.saturating_add(other.coordinator),
        }
    }

    /// The coordinator's part of an operator.
    pub fn of_coordinator(operator: &OperatorState<'_>, records_new: bool) -> Self {
        let coordinator = size_of(operator.coordinator.as_ref());
        let zero = Sizes::zero(records_new);
        Sizes {
            state: coordinator,
            new: add(zero.new, coordinator),
            coordinator: coordinator.unwrap_or_default(),
            ..zero
        }
    }

    /// Sums of one subtask.
    pub fn of_subtask(subtask: &Subtask<'_>, records_new: bool) -> Self {
        let zero = Sizes::zero(records_new);
        match subtask {
            Subtask::Finished { .. } => zero,
            Subtask::Running(state) => Sizes::of_state(state, zero),
        }
    }

    fn of_state(state: &SubtaskState<'_>, zero: Sizes) -> Self {
        let keyed_handles = || [&state.managed_keyed, &state.raw_keyed].into_iter().flatten();
        let keyed = keyed_handles().map(KeyedHandle::state_size).fold(zero.keyed, add);
        let new_keyed = keyed_handles().map(KeyedHandle::checkpointed_size).fold(zero.new, add);
        let operator = [&state.managed_operator, &state.raw_operator].into_iter().flatten();
        let operator = operator.map(OperatorHandle::state_size).fold(zero.operator, add);
        let inputs = state.input_channels.iter().map(|handle| handle.0.state_size());
        let outputs = state.result_subpartitions.iter().map(|handle| handle.0.state_size());
        let channel = inputs.chain(outputs).fold(zero.channel, add);
        Sizes {
            state: add(add(keyed, operator), channel),
            // Operator and channel state is written anew each time.
            new: add(add(new_keyed, operator), channel),
            keyed,
            operator,
            channel,
            coordinator: 0,
        }
    }
}
