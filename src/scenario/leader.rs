//! The leader's sets, `[leader] actions` and `[leader] types`: names, or a table with a grid, a list, or names.

use super::document::{Kind, Value};
use super::error::{Fault, Problem};
use super::formula::{Formula, LeaderNames, Names, Use};
use super::spaces::{check_count, check_name, check_starts, check_word, named_set};
use crate::game::limits::{MAX_LEADER_ACTIONS, MAX_TYPES};
use crate::game::program::{Pool, Slot};

/// `[leader] actions`.
pub(super) fn actions(value: &Value, names: &Names) -> Result<LeaderNames, Fault> {
    Set::Actions.read(value, names)
}

/// `[leader] types`; `names` knows her actions.
pub(super) fn types(value: &Value, names: &Names) -> Result<LeaderNames, Fault> {
    let types = Set::Types.read(value, names)?;
    check_starts(value, types.names.iter())?;
    let action = names.leader.iter().map(|leader| &leader.variable);
    // A type that is called what formulas call her action or type would hide it.
    for variable in action.chain([&types.variable]) {
        if types.names.contains(variable) {
            let name = variable.clone();
            return value.fault(Problem::Duplicate { name });
        }
    }
    Ok(types)
}

/// The keys of a set that is no mere list or names with numbers.
const FORMS: [&str; 6] = ["name", "names", "values", "from", "to", "count"];

/// One of the leader's sets. Her actions are written as their numbers where they have any, so that only types can be names
/// with numbers.
#[derive(Clone, Copy, PartialEq)]
enum Set {
    Actions,
    Types,
}

impl Set {
    fn what(self) -> &'static str {
        match self {
            Set::Actions => "leader actions",
            Set::Types => "leader types",
        }
    }

    /// What formulas call an element where the scenario says nothing else.
    fn variable(self) -> &'static str {
        match self {
            Set::Actions => "leader_action",
            Set::Types => "leader_type",
        }
    }

    fn most(self) -> u64 {
        match self {
            Set::Actions => MAX_LEADER_ACTIONS,
            Set::Types => MAX_TYPES,
        }
    }

    fn read(self, value: &Value, names: &Names) -> Result<LeaderNames, Fault> {
        let variable = || self.declared_variable(value, names);
        let is_names = match value.kind {
            Kind::Array(_) => true,
            Kind::Table(_) => {
                self == Set::Types && FORMS.iter().all(|form| value.get(form).is_none())
            }
            _ => false,
        };
        if is_names {
            return self.named(value, self.variable().to_owned());
        }
        match ["names", "values", "from"].map(|key| value.get(key)) {
            [Some(list), None, None] => {
                value.only(&["name", "names"])?;
                self.named(list, variable()?)
            }
            [None, Some(list), None] => {
                value.only(&["name", "values"])?;
                if self == Set::Types && are_words(list, names) {
                    not_numbers_too(list, names)?;
                    return self.named(list, variable()?);
                }
                let values = self.listed(list, names)?;
                numbers(variable()?, values)
            }
            [None, None, Some(from)] => {
                value.only(&["name", "from", "to", "count"])?;
                let values = self.grid(value, from, names)?;
                numbers(variable()?, values)
            }
            _ => value.fault(Problem::LeaderSetForm {
                set: match self {
                    Set::Actions => "actions",
                    Set::Types => "types",
                },
            }),
        }
    }

    /// What formulas call the leader's action, or her type.
    fn declared_variable(self, value: &Value, names: &Names) -> Result<String, Fault> {
        let Some(name) = value.get("name") else {
            return Ok(self.variable().to_owned());
        };
        let word = name.string()?;
        if word != self.variable() {
            check_word(word, &name.origin)?;
        }
        let sets = [&names.parameters, &names.types, &names.actions];
        let declared = sets.into_iter().flatten().map(|(known, _)| known);
        let leader = names.leader.iter();
        let leader = leader.flat_map(|leader| leader.names.iter().chain([&leader.variable]));
        if declared.chain(leader).any(|known| known == word) {
            return name.fault(Problem::Duplicate {
                name: word.to_owned(),
            });
        }
        Ok(word.to_owned())
    }

    fn named(self, list: &Value, variable: String) -> Result<LeaderNames, Fault> {
        if self == Set::Actions {
            list.elements()?;
        }
        let (names, values) = named_set(list, self.what(), self.most())?
            .into_iter()
            .unzip();
        Ok(LeaderNames {
            variable,
            names,
            values,
        })
    }

    /// Numbers, or formulas in the parameters.
    fn listed(self, list: &Value, names: &Names) -> Result<Vec<f64>, Fault> {
        let elements = list.elements()?;
        check_count(list, elements.len(), self.what(), self.most())?;
        let mut values = Vec::with_capacity(elements.len());
        for element in elements {
            push_distinct(&mut values, self.number(element, names)?, element)?;
        }
        Ok(values)
    }

    /// from + i (to - from)/(count - 1), rounded to 12 significant digits.
    fn grid(self, value: &Value, from: &Value, names: &Names) -> Result<Vec<f64>, Fault> {
        let first = self.number(from, names)?;
        let last = self.number(value.require("to")?, names)?;
        let count = value.require("count")?;
        let points = count.count(1, self.most())?;
        if points == 1 && first != last {
            return count.fault(Problem::SinglePoint {
                element: match self {
                    Set::Actions => "action",
                    Set::Types => "type",
                },
                from: first,
                to: last,
            });
        }
        let scale = first.abs().max(last.abs());
        let mut values = Vec::with_capacity(points as usize);
        for i in 0..points {
            let step = if i == 0 {
                0.0
            } else {
                i as f64 * (last - first) / (points - 1) as f64
            };
            push_distinct(&mut values, round(first + step, scale), value)?;
        }
        Ok(values)
    }

    /// A number, or a formula in the parameters.
    fn number(self, value: &Value, names: &Names) -> Result<f64, Fault> {
        let used = match self {
            Set::Actions => Use::LeaderAction,
            Set::Types => Use::LeaderType,
        };
        let formula = Formula::read(value, &names.spelling())?.resolve(names, used)?;
        let mut pool = Pool::new(0);
        let slot = formula.compile(names, Default::default(), &mut pool, Slot::TIME);
        let number = pool.value(slot).unwrap_or(f64::NAN);
        if number.is_finite() {
            return Ok(number);
        }
        value.fault(Problem::LeaderValue {
            key: value.key.clone(),
            value: number,
        })
    }
}

/// Whether the elements of a list are names, none of them a parameter's; else they are formulas in the parameters.
fn are_words(list: &Value, names: &Names) -> bool {
    let is_word = |element: &Value| match &element.kind {
        Kind::String(text, _) => {
            let is_parameter = names.parameters.iter().any(|(known, _)| known == text);
            let is_number = text.parse::<f64>().is_ok();
            !is_parameter && !is_number && check_name(text, &element.origin).is_ok()
        }
        _ => false,
    };
    match &list.kind {
        Kind::Array(elements) => !elements.is_empty() && elements.iter().all(is_word),
        _ => false,
    }
}

/// Refuse a list of names all of which are differences of parameters too.
fn not_numbers_too(list: &Value, names: &Names) -> Result<(), Fault> {
    let spelling = Names {
        horizon: names.horizon,
        parameters: names.parameters.clone(),
        ..Names::default()
    }
    .spelling();
    let text = |element: &Value| match &element.kind {
        Kind::String(text, _) => Some(text.clone()),
        _ => None,
    };
    let elements = list.elements()?;
    let is_number = |element: &Value| text(element).is_some_and(|text| spelling.is_value(&text));
    match elements.first() {
        Some(first) if elements.iter().all(is_number) => first.fault(Problem::NamesOrNumbers {
            key: list.key.clone(),
            name: text(first).unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}

fn numbers(variable: String, values: Vec<f64>) -> Result<LeaderNames, Fault> {
    Ok(LeaderNames {
        variable,
        names: Vec::new(),
        values,
    })
}

/// To 12 significant digits; what rounding has left of zero, beside numbers of size `scale`, is zero.
fn round(value: f64, scale: f64) -> f64 {
    if value.abs() <= 1e-13 * scale {
        return 0.0;
    }
    format!("{value:.11e}").parse().unwrap_or(value)
}

fn push_distinct(values: &mut Vec<f64>, number: f64, place: &Value) -> Result<(), Fault> {
    if !number.is_finite() {
        return place.fault(Problem::LeaderValue {
            key: place.key.clone(),
            value: number,
        });
    }
    if values.contains(&number) {
        return place.fault(Problem::Duplicate {
            name: format!("{number:?}"),
        });
    }
    values.push(number + 0.0);
    Ok(())
}
