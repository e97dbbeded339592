//! Formulas: `-k * (x == infected) - price * (a == repair)` as a list of operations with their places in the text.
//!
//! A Pratt parser. From loosest to tightest: `or`; `and`; `not`; comparisons (0 or 1, not chained); `+ -`; `* /`;
//! unary `-`; `^`, which is right-associative, so that -2^2 = -4 and 2^3^2 = 512. The nodes of a formula stand in one
//! list, each after its operands: nothing recurses over a formula but its reading, whose depth is limited.

mod evaluate;
mod lexer;
mod resolve;
mod spelling;

pub(super) use evaluate::{Here, Moment};
pub(super) use resolve::{LeaderNames, Names, Resolved, Use, words};

use super::document::{Kind, Origin, Value};
use super::error::{Fault, Problem};
use crate::game::program::Op;
use lexer::{Lexer, Token};
use spelling::Spelling;
use std::ops::{Range, RangeInclusive};

/// The longest formula, in bytes.
const MAX_LENGTH: usize = 10_000;
/// The deepest nesting of brackets, signs and powers.
const MAX_DEPTH: usize = 100;

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
    /// From a string, or a number, of the scenario; `spelling` tells declared names from differences.
    pub(super) fn read(value: &Value, spelling: &Spelling) -> Result<Self, Fault> {
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
                let nodes = parse(text, spelling);
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

fn parse(text: &str, spelling: &Spelling) -> Result<Vec<(Node, Range<usize>)>, Failure> {
    let mut lexer = Lexer::new(text, spelling);
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

/// How tightly the prefixes bind what stands to their right.
const NOT: u8 = 6;
const MINUS: u8 = 14;
/// How tightly comparisons, which do not chain, bind what stands to their left.
const COMPARISON: u8 = 8;

/// An operator between two operands.
struct Infix {
    /// How tightly it binds what stands to its left, and to its right.
    left: u8,
    right: u8,
    op: Op,
    operands: Operands,
}

#[derive(Clone, Copy, PartialEq)]
enum Operands {
    AsWritten,
    /// `a > b` is `b < a`.
    Swapped,
}

impl Infix {
    fn of(token: &Token) -> Option<Self> {
        let word = match token {
            Token::Sign(sign) => sign,
            Token::Name(name) => name.as_str(),
            Token::Number(_) | Token::End => return None,
        };
        let (left, right, op) = match word {
            "or" => (1, 2, Op::Or),
            "and" => (3, 4, Op::And),
            "<" | ">" => (COMPARISON, 9, Op::Less),
            "<=" | ">=" => (COMPARISON, 9, Op::LessEqual),
            "==" => (COMPARISON, 9, Op::Equal),
            "!=" => (COMPARISON, 9, Op::NotEqual),
            "+" => (10, 11, Op::Add),
            "-" => (10, 11, Op::Subtract),
            "*" => (12, 13, Op::Multiply),
            "/" => (12, 13, Op::Divide),
            "^" => (17, 16, Op::Power),
            _ => return None,
        };
        let operands = if word.starts_with('>') {
            Operands::Swapped
        } else {
            Operands::AsWritten
        };
        Some(Self {
            left,
            right,
            op,
            operands,
        })
    }
}

/// A function, with the number of arguments that it takes and the words for it.
struct Function {
    name: &'static str,
    op: Op,
    arguments: RangeInclusive<usize>,
    takes: &'static str,
}

impl Function {
    fn of(name: &str) -> Option<Self> {
        let (name, op) = match name {
            "min" => ("min", Op::Min),
            "max" => ("max", Op::Max),
            "abs" => ("abs", Op::Abs),
            "exp" => ("exp", Op::Exp),
            "ln" => ("ln", Op::Ln),
            "sqrt" => ("sqrt", Op::Sqrt),
            "if" => ("if", Op::Select),
            _ => return None,
        };
        let (arguments, takes) = match op.arity() {
            1 => (1..=1, "one argument"),
            2 => (2..=MAX_LENGTH, "two arguments or more"),
            _ => (3..=3, "three arguments, if(condition, value, otherwise)"),
        };
        Some(Self {
            name,
            op,
            arguments,
            takes,
        })
    }
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
        let mut is_comparison = false;
        while let Some(infix) = Infix::of(&self.token).filter(|infix| infix.left >= least) {
            if is_comparison && infix.left == COMPARISON {
                return self.unexpected("`and` or `or` between two comparisons");
            }
            is_comparison = infix.left == COMPARISON;
            self.advance()?;
            let right = self.expression(infix.right)?;
            let end = self.nodes[right].1.end;
            let operands = match infix.operands {
                Operands::AsWritten => [left, right, right],
                Operands::Swapped => [right, left, left],
            };
            left = self.push(Node::Apply(infix.op, operands), start..end);
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
        let Some(function) = Function::of(&name) else {
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
        if !function.arguments.contains(&arguments.len()) {
            let (name, expected, found) = (function.name, function.takes, arguments.len());
            return Err((
                whole,
                Problem::Arguments {
                    function: name,
                    expected,
                    found,
                },
            ));
        }
        Ok(match arguments[..] {
            [a] => self.push(Node::Apply(function.op, [a; 3]), whole),
            [a, b, c] if function.op == Op::Select => {
                self.push(Node::Apply(function.op, [a, b, c]), whole)
            }
            // min and max of many, one after the other.
            [first, ref others @ ..] => others.iter().fold(first, |folded, next| {
                self.push(
                    Node::Apply(function.op, [folded, *next, *next]),
                    whole.clone(),
                )
            }),
            [] => return self.unexpected("an argument"),
        })
    }
}

#[cfg(test)]
mod tests;
