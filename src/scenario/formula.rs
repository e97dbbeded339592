//! Formulas: `-k * (x == infected) - price * (a == repair)` as a list of operations with their places in the text.
//!
//! A Pratt parser. From loosest to tightest: `or`; `and`; `not`; comparisons (0 or 1, not chained); `+ -`; `* /`;
//! unary `-`; `^`, which is right-associative, so that -2^2 = -4 and 2^3^2 = 512. The nodes of a formula stand in one
//! list, each after its operands: nothing recurses over a formula but its reading, whose depth is limited.

mod evaluate;
mod lexer;
mod resolve;

pub(super) use evaluate::{Here, Moment};
pub(super) use resolve::{LeaderNames, Names, Resolved, Use};

use super::document::{Kind, Origin, Value};
use super::error::{Fault, Problem};
use crate::game::program::Op;
use lexer::{Lexer, Token};
use std::ops::Range;

/// The longest formula, in bytes.
pub const MAX_LENGTH: usize = 10_000;
/// The deepest nesting of brackets, signs and powers.
pub const MAX_DEPTH: usize = 100;

/// A node: a leaf by name, or an operation on earlier nodes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Number(f64),
    /// A bare name, such as `price`, `x` or `infected`.
    Name(String),
    /// `z[name]`.
    Law(String),
    Apply(Op, [usize; 3]),
}

/// A formula as written, its names not yet looked up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula {
    nodes: Vec<(Node, Range<usize>)>,
    place: TextPlace,
}

/// Where the text of a formula stands.
#[derive(Clone, Debug, PartialEq)]
struct TextPlace {
    whole: Origin,
    text: String,
    /// Where its first character is; `None` where escapes hide the places of characters.
    start: Option<usize>,
}

impl TextPlace {
    fn origin(&self, span: &Range<usize>) -> Origin {
        match self.start {
            Some(start) => Origin {
                source: self.whole.source,
                span: start + span.start..start + span.end,
            },
            None => self.whole.clone(),
        }
    }
}

impl Formula {
    /// From a string, or a number, of the scenario. `unusual` are declared names with a hyphen or a leading digit.
    pub(super) fn read(value: &Value, unusual: &[String]) -> Result<Self, Fault> {
        match &value.kind {
            Kind::Integer(_) | Kind::Float(_) => {
                let place = TextPlace {
                    whole: value.origin.clone(),
                    text: value.found(),
                    start: None,
                };
                Ok(Self {
                    nodes: vec![(Node::Number(value.number()?), 0..0)],
                    place,
                })
            }
            Kind::String(text, start) => {
                let place = TextPlace {
                    whole: value.origin.clone(),
                    text: text.clone(),
                    start: *start,
                };
                if text.len() > MAX_LENGTH {
                    return value.fault(Problem::FormulaTooLong {
                        length: text.len(),
                        limit: MAX_LENGTH,
                    });
                }
                let nodes = parse(text, unusual);
                let nodes =
                    nodes.map_err(|(span, problem)| Fault::new(place.origin(&span), problem))?;
                Ok(Self { nodes, place })
            }
            _ => value.fault(Problem::WrongKind {
                key: value.key.clone(),
                expected: "a formula (a string) or a number",
                found: value.found(),
            }),
        }
    }
}

type Failure = (Range<usize>, Problem);

fn parse(text: &str, unusual: &[String]) -> Result<Vec<(Node, Range<usize>)>, Failure> {
    let mut lexer = Lexer::new(text, unusual);
    let (token, span) = lexer.next()?;
    let mut parser = Parser {
        lexer,
        token,
        span,
        nodes: Vec::new(),
        depth: 0,
    };
    parser.expression(0)?;
    if parser.token != Token::End {
        return parser.unexpected("an operator or the end");
    }
    Ok(parser.nodes)
}

/// How tightly an operator binds what stands to its left and right.
const NOT: u8 = 6;
const MINUS: u8 = 14;

/// Binding powers, the operation, and whether its operands are swapped (`a > b` is `b < a`).
fn binary(token: &Token) -> Option<(u8, u8, Op, Operands)> {
    use Operands::{AsWritten, Swapped};
    let word = match token {
        Token::Sign(sign) => sign,
        Token::Name(name) => name.as_str(),
        _ => return None,
    };
    Some(match word {
        "or" => (1, 2, Op::Or, AsWritten),
        "and" => (3, 4, Op::And, AsWritten),
        "<" => (8, 9, Op::Less, AsWritten),
        "<=" => (8, 9, Op::LessEqual, AsWritten),
        ">" => (8, 9, Op::Less, Swapped),
        ">=" => (8, 9, Op::LessEqual, Swapped),
        "==" => (8, 9, Op::Equal, AsWritten),
        "!=" => (8, 9, Op::NotEqual, AsWritten),
        "+" => (10, 11, Op::Add, AsWritten),
        "-" => (10, 11, Op::Subtract, AsWritten),
        "*" => (12, 13, Op::Multiply, AsWritten),
        "/" => (12, 13, Op::Divide, AsWritten),
        "^" => (17, 16, Op::Power, AsWritten),
        _ => return None,
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Operands {
    AsWritten,
    Swapped,
}

/// The function of a name, with the least and most arguments and the words for them.
fn function(name: &str) -> Option<(&'static str, Op, usize, usize, &'static str)> {
    let most = MAX_LENGTH;
    Some(match name {
        "min" => ("min", Op::Min, 2, most, "two arguments or more"),
        "max" => ("max", Op::Max, 2, most, "two arguments or more"),
        "abs" => ("abs", Op::Abs, 1, 1, "one argument"),
        "exp" => ("exp", Op::Exp, 1, 1, "one argument"),
        "ln" => ("ln", Op::Ln, 1, 1, "one argument"),
        "sqrt" => ("sqrt", Op::Sqrt, 1, 1, "one argument"),
        "if" => (
            "if",
            Op::Select,
            3,
            3,
            "three arguments, if(condition, value, otherwise)",
        ),
        _ => return None,
    })
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token not yet taken, and its place.
    token: Token,
    span: Range<usize>,
    nodes: Vec<(Node, Range<usize>)>,
    depth: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<(), Failure> {
        (self.token, self.span) = self.lexer.next()?;
        Ok(())
    }

    fn unexpected<T>(&self, expected: &'static str) -> Result<T, Failure> {
        Err((
            self.span.clone(),
            Problem::Unexpected {
                expected,
                found: self.token.describe(),
            },
        ))
    }

    fn take(&mut self, sign: &'static str, expected: &'static str) -> Result<(), Failure> {
        if self.token == Token::Sign(sign) {
            self.advance()
        } else {
            self.unexpected(expected)
        }
    }

    fn push(&mut self, node: Node, span: Range<usize>) -> usize {
        self.nodes.push((node, span));
        self.nodes.len() - 1
    }

    /// An expression whose operators bind at least as tightly as `least`; the index of its node.
    fn expression(&mut self, least: u8) -> Result<usize, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((
                self.span.clone(),
                Problem::FormulaTooDeep { limit: MAX_DEPTH },
            ));
        }
        let start = self.span.start;
        let mut left = self.prefix()?;
        let mut least_chained = u8::MAX;
        while let Some((left_power, right_power, op, operands)) = binary(&self.token) {
            if left_power < least {
                break;
            }
            if left_power == least_chained {
                return self.unexpected("`and` or `or` between two comparisons");
            }
            self.advance()?;
            let right = self.expression(right_power)?;
            let end = self.nodes[right].1.end;
            let pair = if operands == Operands::Swapped {
                [right, left, left]
            } else {
                [left, right, right]
            };
            left = self.push(Node::Apply(op, pair), start..end);
            least_chained = if right_power == 9 {
                left_power
            } else {
                u8::MAX
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<usize, Failure> {
        let span = self.span.clone();
        match self.token.clone() {
            Token::Number(number) => {
                self.advance()?;
                Ok(self.push(Node::Number(number), span))
            }
            Token::Sign("-") => self.unary(Op::Negate, MINUS, span),
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expression(0)?;
                let end = self.span.end;
                self.take(")", "`)` or an operator")?;
                if let (Node::Apply(..), place) = &mut self.nodes[inner] {
                    *place = span.start..end;
                }
                Ok(inner)
            }
            Token::Name(name) if name == "not" => self.unary(Op::Not, NOT, span),
            Token::Name(name) if name == "and" || name == "or" => self.unexpected("a value"),
            Token::Name(name) => self.name(name, span),
            _ => self.unexpected("a value"),
        }
    }

    fn unary(&mut self, op: Op, power: u8, span: Range<usize>) -> Result<usize, Failure> {
        self.advance()?;
        let operand = self.expression(power)?;
        let end = self.nodes[operand].1.end;
        Ok(self.push(Node::Apply(op, [operand; 3]), span.start..end))
    }

    /// A bare name, `z[name]` or a function's call.
    fn name(&mut self, name: String, span: Range<usize>) -> Result<usize, Failure> {
        self.advance()?;
        if name == "z" {
            if self.token != Token::Sign("[") {
                return self.unexpected("`[type]` after `z`");
            }
            let (name, inner) = self.lexer.bracketed()?;
            self.advance()?;
            return Ok(self.push(Node::Law(name), span.start..inner.end + 1));
        }
        let Some((function, op, least, most, expected)) = function(&name) else {
            return Ok(self.push(Node::Name(name), span));
        };
        self.take("(", "`(` after a function")?;
        let mut arguments = vec![self.expression(0)?];
        while self.token == Token::Sign(",") {
            self.advance()?;
            arguments.push(self.expression(0)?);
        }
        let whole = span.start..self.span.end;
        self.take(")", "`,` or `)`")?;
        if arguments.len() < least || arguments.len() > most {
            return Err((
                whole,
                Problem::Arguments {
                    function,
                    expected,
                    found: arguments.len(),
                },
            ));
        }
        if op == Op::Select {
            return Ok(self.push(
                Node::Apply(op, [arguments[0], arguments[1], arguments[2]]),
                whole,
            ));
        }
        if op.arity() == 1 {
            return Ok(self.push(Node::Apply(op, [arguments[0]; 3]), whole));
        }
        let fold = |left, right| self.push(Node::Apply(op, [left, right, right]), whole.clone());
        let folded = arguments.into_iter().reduce(fold);
        Ok(folded.expect("at least two arguments were counted above"))
    }
}

#[cfg(test)]
mod tests;
