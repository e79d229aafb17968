//! `Match` of `SearchMedia`: conditions that a video has to meet, all of them.
//!
//! ```text
//! Title = 'film' and Status in ('Normal','UploadSucc') and CreationTime = ('2026-01-01T00:00:00Z','...']
//! ```
//!
//! Source: ApsaraVideo VOD, "Protocol for media asset search" (read 2026-11-24). A range in brackets holds
//! its ends, one in parentheses does not. A value in quotes takes back-slashes; published code also writes
//! `==`, values without quotes, and a list behind `=`.

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    /// The field.
    pub field: String,
    /// What it has to be.
    pub test: Test,
}

/// What a field has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// One of these.
    OneOf(Vec<String>),
    /// Between two values; the flags say whether each is held.
    Between((String, bool), (String, bool)),
}

/// Reads the conditions; `None` when they are malformed.
pub(super) fn parse(text: &str) -> Option<Vec<Condition>> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let mut conditions = Vec::new();
    while tokens.peek().is_some() {
        if !conditions.is_empty() && !is_word(&tokens.next()?, "and") {
            return None;
        }
        conditions.push(condition(&mut tokens)?);
    }
    Some(conditions)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(char),
}

fn is_word(token: &Token, wanted: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted))
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

fn condition(tokens: &mut Tokens) -> Option<Condition> {
    let Token::Word(field) = tokens.next()? else { return None };
    let is_list = match tokens.next()? {
        Token::Sign('=') => false,
        word if is_word(&word, "in") => true,
        _ => return None,
    };
    if tokens.peek() == Some(&Token::Sign('=')) && !is_list {
        tokens.next();
    }
    let test = match tokens.next()? {
        Token::Sign(open @ ('(' | '[')) => group(tokens, open, is_list)?,
        Token::Word(value) | Token::Quoted(value) if !is_list => Test::OneOf(vec![value]),
        _ => return None,
    };
    Some(Condition { field, test })
}

/// Values up to the closing sign: a list behind `in`, and a range behind `=` when they are two.
fn group(tokens: &mut Tokens, open: char, is_list: bool) -> Option<Test> {
    let mut values = Vec::new();
    let close = loop {
        match tokens.next()? {
            Token::Word(value) | Token::Quoted(value) => values.push(value),
            _ => return None,
        }
        match tokens.next()? {
            Token::Sign(',') => {}
            Token::Sign(close @ (')' | ']')) => break close,
            _ => return None,
        }
    };
    match <[String; 2]>::try_from(values) {
        Ok([from, to]) if !is_list => Some(Test::Between((from, open == '['), (to, close == ']'))),
        Ok(values) => (open == '(' && close == ')').then(|| Test::OneOf(values.into())),
        Err(values) => (open == '(' && close == ')').then_some(Test::OneOf(values)),
    }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '=' | '(' | ')' | '[' | ']' | ',' => tokens.push(Token::Sign(c)),
            '\'' | '"' => {
                let mut value = String::new();
                loop {
                    match chars.next()? {
                        '\\' => value.push(chars.next()?),
                        end if end == c => break,
                        other => value.push(other),
                    }
                }
                tokens.push(Token::Quoted(value));
            }
            _ => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|c| !" \t\n\r=()[],'\"".contains(*c)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of(field: &str, values: &[&str]) -> Condition {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Condition { field: field.to_owned(), test: Test::OneOf(values) }
    }

    #[test]
    fn conditions_are_read_in_every_published_form() {
        let read =
            parse(r#"Title = 'a \'film\' and more' and Status in ('Normal', "Blocked") AND CateId==7"#);
        let wanted = [
            one_of("Title", &["a 'film' and more"]),
            one_of("Status", &["Normal", "Blocked"]),
            one_of("CateId", &["7"]),
        ];
        assert_eq!(read.as_deref(), Some(&wanted[..]));
        assert_eq!(parse("Status = ('Normal')"), Some(vec![one_of("Status", &["Normal"])]));
        assert_eq!(parse("  "), Some(Vec::new()));
    }

    #[test]
    fn brackets_hold_the_ends_of_a_range_and_parentheses_do_not() {
        let read = parse("CreationTime = ('a',\"b\"]").expect("read");
        let range = Test::Between(("a".to_owned(), false), ("b".to_owned(), true));
        assert_eq!(read, [Condition { field: "CreationTime".to_owned(), test: range }]);
    }

    #[test]
    fn what_is_no_condition_is_malformed() {
        for text in [
            "Title",
            "Title =",
            "= 'a'",
            "Title = 'a",
            "Title = 'a' or Title = 'b'",
            "Title in 'a'",
            "Title in ('a'",
            "Title in ()",
            "Title = 'a' and",
            "Title in ['a','b']",
            "'Title' = 'a'",
            "\\",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
