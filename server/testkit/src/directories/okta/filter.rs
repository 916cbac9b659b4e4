//! Okta's filter expressions: comparisons joined by `and`, `or` and parentheses.

use serde_json::Value;

/// Whether a value is what an expression says; `None` for an expression that cannot be read, or names a property that
/// is not among those allowed.
pub(super) fn matches(expression: &str, value: &Value, allowed: &[&str]) -> Option<bool> {
    let tokens = tokens(expression)?;
    let mut parser = Parser { tokens: &tokens, at: 0, value, allowed };
    let result = parser.any()?;
    (parser.at == tokens.len()).then_some(result)
}

fn tokens(expression: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => 1,
            '"' => rest.get(1..)?.find('"')? + 2,
            _ => rest.find([' ', '(', ')']).unwrap_or(rest.len()),
        };
        tokens.push(rest.get(..length)?.to_owned());
        rest = rest.get(length..)?.trim_start();
    }
    Some(tokens)
}

struct Parser<'a> {
    tokens: &'a [String],
    at: usize,
    value: &'a Value,
    allowed: &'a [&'a str],
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token == word);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Option<bool> {
        let mut result = self.all()?;
        while self.take("or") {
            result |= self.all()?;
        }
        Some(result)
    }

    fn all(&mut self) -> Option<bool> {
        let mut result = self.one()?;
        while self.take("and") {
            result &= self.one()?;
        }
        Some(result)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let result = self.any()?;
            return self.take(")").then_some(result);
        }
        let [name, operator, literal] = self.tokens.get(self.at..self.at + 3)? else { return None };
        self.at += 3;
        let literal = literal.strip_prefix('"')?.strip_suffix('"')?;
        if !self.allowed.contains(&name.as_str()) {
            return None;
        }
        let found = self.value.pointer(&format!("/{}", name.replace('.', "/"))).and_then(Value::as_str);
        let found = found.unwrap_or_default();
        match operator.as_str() {
            "eq" => Some(found == literal),
            "gt" => Some(found > literal),
            "ge" => Some(found >= literal),
            "lt" => Some(found < literal),
            "le" => Some(found <= literal),
            _ => None,
        }
    }
}
