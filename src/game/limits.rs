//! What every game is held to, from a scenario or from code: how much of everything, and which names.

/// The longest horizon.
pub(crate) const MAX_HORIZON: u64 = 100_000;
/// The most types, of followers and of the leader.
pub(crate) const MAX_TYPES: u64 = 64;
/// The most follower actions.
pub(crate) const MAX_ACTIONS: u64 = 256;
/// The most leader actions.
pub(crate) const MAX_LEADER_ACTIONS: u64 = 10_000;
/// The most entries of a kernel, over leader moves, types, actions and next types.
pub(crate) const MAX_KERNEL: u64 = 4_000_000;
/// The most prescriptions that the leader chooses from, where she has private types or mixes.
pub(crate) const MAX_PRESCRIPTIONS: u64 = 100_000;
/// The longest name, in characters.
pub(crate) const MAX_NAME: usize = 64;

/// Words of the formula language, which nothing else can be called.
const RESERVED: [&str; 19] = [
    "x",
    "a",
    "z",
    "t",
    "horizon",
    "follower_reward",
    "leader_action",
    "leader_type",
    "rest",
    "and",
    "or",
    "not",
    "if",
    "min",
    "max",
    "abs",
    "exp",
    "ln",
    "sqrt",
];

/// What other programs read as a missing value where they read tables.
const MISSING_VALUES: [&str; 7] = ["NA", "NULL", "null", "None", "NaN", "nan", "N/A"];

/// Why a text cannot be the name of anything: it becomes a path, a column or a word of formulas.
pub(crate) fn fault_of_name(name: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > MAX_NAME {
        Some("it is longer than 64 characters")
    } else if !name.bytes().all(allowed) {
        Some("a name is letters (a-z, A-Z), digits, - and _")
    } else if name.starts_with('-') || name.ends_with('-') {
        Some("a name neither begins nor ends with -, which formulas read as a minus")
    } else {
        None
    }
}

/// Why a text cannot be the name of something that formulas or tables name.
pub(crate) fn fault_of_word(name: &str) -> Option<&'static str> {
    fault_of_name(name).or_else(|| {
        if RESERVED.contains(&name) {
            Some("it is a word of formulas")
        } else if name.parse::<f64>().is_ok() {
            Some("it reads as a number")
        } else if MISSING_VALUES.contains(&name) {
            Some("programs that read tables take it for a missing value")
        } else {
            None
        }
    })
}

/// Why a text cannot be the name of a type, being one of something: tables say `initial` and `worst` where they say from which
/// type a deviation starts.
pub(crate) fn fault_of_type(name: &str) -> Option<&'static str> {
    (name == "initial" || name == "worst").then_some("tables use it for a start")
}

/// Which discounts there are, if this is none.
pub(crate) fn range_of_discount(discount: f64, infinite: bool) -> Option<&'static str> {
    let holds = discount > 0.0 && (discount < 1.0 || discount == 1.0 && !infinite);
    match (holds, infinite) {
        (true, _) => None,
        (false, true) => Some("above 0 and below 1, the horizon being infinite"),
        (false, false) => Some("above 0 and at most 1"),
    }
}
