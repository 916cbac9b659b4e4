use serde_json::{Map, Value, json};

use super::{input::Input, related::Meant};

fn input(fields: Value) -> Input {
    let Value::Object(fields) = fields else { panic!("an object") };
    Input::new(fields, &["limit", "name", "kind", "namespace", "fields", "query"]).unwrap()
}

fn refusal<T>(result: Result<T, super::ActionError>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn numbers_are_taken_in_every_form_and_refused_with_their_field() {
    for (written, number) in [
        (json!(10), Some(10)),
        (json!("10"), Some(10)),
        (json!(" 7 "), Some(7)),
        (json!(10.0), Some(10)),
        (json!(null), None),
    ] {
        assert_eq!(input(json!({"limit": written})).number("limit", 1..=500).unwrap(), number, "{written}");
    }
    for written in
        [json!("ten"), json!(0), json!(501), json!(-1), json!(1.5), json!(1e300), json!([1]), json!(true)]
    {
        let error = refusal(input(json!({"limit": written})).number("limit", 1..=500));
        assert_eq!(
            error,
            format!("InputError: limit: {written} does not fit; expected a number from 1 to 500")
        );
    }
}

#[test]
fn unknown_fields_are_refused_with_those_that_are_known() {
    let fields = Map::from_iter([("nmae".to_owned(), json!("x")), ("name".to_owned(), json!("y"))]);
    let error = refusal(Input::new(fields, &["name", "kind"]).map(|_| ()));
    assert_eq!(error, "InputError: nmae: there is no such field; known are name, kind");
}

#[test]
fn texts_lists_and_objects_are_read_leniently() {
    assert_eq!(input(json!({"fields": "kind"})).texts("fields", 3).unwrap(), ["kind"]);
    assert_eq!(input(json!({"fields": ["a", " b "]})).texts("fields", 3).unwrap(), ["a", "b"]);
    assert!(
        refusal(input(json!({"fields": ["a", 3]})).texts("fields", 3)).contains("fields.1: 3 does not fit")
    );
    assert!(refusal(input(json!({"fields": ["a", "b"]})).texts("fields", 1)).contains("expected 1 at most"));
    assert_eq!(
        input(json!({"query": "{\"kind\": \"API\"}"})).object("query").unwrap(),
        Some(Map::from_iter([("kind".to_owned(), json!("API"))]))
    );
    assert!(refusal(input(json!({"query": "kind=API"})).object("query")).contains("expected an object"));
    assert!(refusal(input(json!({"name": "  "})).text("name")).contains("name: is empty"));
}

#[test]
fn a_name_may_be_a_whole_reference() {
    let meant = |fields: Value| {
        let meant = Meant::read(&mut input(fields)).unwrap();
        (meant.kind, meant.namespace, meant.name)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(meant(json!({"name": "pay"})), (None, None, "pay".to_owned()));
    assert_eq!(meant(json!({"name": "api:shop/pay"})), (some("api"), some("shop"), "pay".to_owned()));
    assert_eq!(meant(json!({"name": "api:pay"})), (some("api"), some("default"), "pay".to_owned()));
    assert_eq!(
        meant(json!({"name": "shop/pay", "kind": "API"})),
        (some("API"), some("shop"), "pay".to_owned())
    );
    assert!(refusal(Meant::read(&mut input(json!({}))).map(|_| ())).contains("name: is missing"));
}
