//! V of two follower types, whose mean field is one number, in smooth pieces between its jumps.
//!
//! `terminal` gives V_{T+1}; `backward` makes V_t from V_{t+1}; `stage_game` finds every equilibrium of the followers'
//! game (15a); `continuation` is what follows a candidate of the leader; `values` holds a V with its jumps; `theta` is the
//! result.

pub(super) mod backward;
pub(super) mod continuation;
pub(super) mod stage_game;
pub(super) mod terminal;
pub(super) mod theta;
pub(super) mod values;
