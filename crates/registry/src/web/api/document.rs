//! Operations as a document of OpenAPI 3.1, whose schemas are JSON Schema 2020-12.

use super::{Answer, Content, Group, Operation, Text, text};
use crate::web::fault::Problem;
use proof::report::Language;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The media type of refusals (RFC 9457).
pub(super) const PROBLEM: &str = "application/problem+json";

/// Schemas as they are made, for bodies and for answers: what may be left out of one is always in the other.
pub(super) struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
    language: Language,
}

impl Schemas {
    pub(super) fn new(language: Language) -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        let taken = settings().for_deserialize().into_generator();
        Self { taken, given: settings().for_serialize().into_generator(), language }
    }

    fn made(content: &Content, generator: &mut SchemaGenerator, language: Language) -> Value {
        match content.make {
            Some(make) => said(make(generator).to_value(), language),
            None => json!({}),
        }
    }

    pub(super) fn taken(&mut self, content: &Content) -> Value {
        Self::made(content, &mut self.taken, self.language)
    }

    pub(super) fn given(&mut self, content: &Content) -> Value {
        Self::made(content, &mut self.given, self.language)
    }

    /// Those that were referred to.
    pub(super) fn all(self) -> Map<String, Value> {
        let mut all = Map::new();
        for mut generator in [self.taken, self.given] {
            all.extend(generator.take_definitions(true));
        }
        all.into_iter().map(|(name, schema)| (name, said(schema, self.language))).collect()
    }
}

/// What a refusal with a status is about.
pub(super) fn status_words(status: u16) -> Text {
    match status {
        400 => text(
            "查询中有此操作不认识的名称，或请求头不合协议",
            "The query has a name that the operation does not know, or a header is not what the protocol says",
        ),
        401 => text("没有密钥，或密钥无效", "There is no key, or it is not good"),
        402 => text("余额不足，或免费份数已用完", "The balance does not reach, or the free units are used"),
        403 => text(
            "密钥或其用户没有此权限，或账号已冻结",
            "The key or its person may not do that, or the account is frozen",
        ),
        404 => text("没有这一项，或属他人", "There is none, or it is another's"),
        408 => text("内容在途中断了", "The content broke off on its way"),
        409 => text(
            "与现状冲突，或同一键的请求正在办理",
            "It conflicts with what is there, or the same key is being carried out",
        ),
        412 => text("协议版本不是所支持的", "The version of the protocol is another"),
        413 => text("超过上限", "It is more than is taken"),
        415 => text("内容类型不是所支持的", "The media type is not taken here"),
        416 => text("所要的范围不在文件内", "The range is not within the file"),
        422 => text("某一项不能使用；field 指出是哪一项", "A field cannot be used; field names it"),
        423 => text("另有程序正在写", "Another program is writing"),
        429 => {
            text("请求太多；Retry-After 指出等多少秒", "Too many requests; Retry-After says how many seconds to wait")
        }
        451 => text("依法不得提供", "It may not be given, by law"),
        460 => text("收到的内容与所给校验值不符", "What arrived does not fit its checksum"),
        503 => text("暂时办不到，可重发", "It cannot be done just now; send it again"),
        507 => text("空间不足", "There is no room left"),
        501 => text("本节点不提供", "This node does not do that"),
        502 => text("所依靠的外部服务没有应答", "A service that this node asks does not answer"),
        _ => text("本节点故障", "Something is broken here"),
    }
}

/// A schema whose descriptions are in one language.
fn said(schema: Value, language: Language) -> Value {
    match schema {
        Value::Object(members) => {
            let mut out = Map::new();
            let zh = members.get("x-zh").filter(|zh| zh.is_string()).cloned();
            for (name, value) in members {
                match name.as_str() {
                    // A property may have any name; a description is a text.
                    "x-zh" if value.is_string() => {}
                    "description" if value.is_string() && language == Language::Zh => {
                        out.insert(name, zh.clone().unwrap_or(value));
                    }
                    _ => {
                        out.insert(name, said(value, language));
                    }
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => items.into_iter().map(|item| said(item, language)).collect(),
        other => other,
    }
}

const ABOUT: Text = text(
    "时印节点的接口。公开的内容无需密钥；其余须在 Authorization 头中给出密钥。列表以 next 与 after 翻页；出错以 application/problem+json 说明，语言由 Accept-Language 或 ?lang= 决定。",
    "The API of a Shiyin node. What is public needs no key; the rest takes one in the Authorization header. Lists go on \
     with next and after; refusals are application/problem+json, in the language of Accept-Language or ?lang=.",
);

/// The document in one language, of the node at `url`.
#[must_use]
pub fn document(operations: &[Operation], language: Language, url: &str) -> Value {
    let mut schemas = Schemas::new(language);
    let problem = Content { media_type: PROBLEM, make: Some(super::of::<Problem>), example: None };
    let problem = schemas.given(&problem);
    let (mut paths, mut events): (Map<String, Value>, Map<String, Value>) = (Map::new(), Map::new());
    for operation in operations {
        let written = written(operation, language, &mut schemas, &problem);
        let of = if operation.is_event { &mut events } else { &mut paths };
        let at = of.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = at.as_object_mut() {
            methods.insert(operation.method.to_lowercase(), written);
        }
    }
    let tag = |group: &Group| json!({ "name": group.name().of(language) });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": text("时印接口", "Shiyin API").of(language), "version": "1",
            "summary": text("可信时间戳与电子证据", "Trusted timestamps and digital evidence").of(language),
            "description": ABOUT.of(language),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{ "url": url }],
        "tags": Group::ALL.iter().map(tag).collect::<Vec<_>>(),
        "paths": paths,
        "webhooks": events,
        "components": {
            "schemas": schemas.all(),
            "securitySchemes": { "key": {
                "type": "http", "scheme": "bearer",
                "description": text("在 /account/keys 创建的密钥", "A key made at /account/keys").of(language),
            } },
        },
    })
}

fn written(operation: &Operation, language: Language, schemas: &mut Schemas, problem: &Value) -> Value {
    let parameter = |parameter: &super::Parameter| {
        let mut value = json!({
            "name": parameter.name, "in": parameter.at.name(), "required": parameter.is_needed,
            "description": parameter.says.of(language), "schema": parameter.schema,
        });
        if let (Some(example), Some(value)) = (&parameter.example, value.as_object_mut()) {
            value.insert("example".to_owned(), example.clone());
        }
        value
    };
    let mut answers = Map::new();
    for answer in &operation.answers {
        answers.insert(answer.status.to_string(), written_answer(answer, operation, language, schemas));
    }
    // What a receiver refuses with is its own.
    for status in operation.refused_with().into_iter().filter(|_| !operation.is_event) {
        let refusal = json!({
            "description": status_words(status).of(language),
            "content": { PROBLEM: { "schema": problem } },
        });
        // HEAD has no body, and a refusal by a status that is an answer too is no second entry.
        answers.entry(status.to_string()).or_insert(match operation.method {
            "HEAD" => json!({ "description": status_words(status).of(language) }),
            _ => refusal,
        });
    }
    let mut value = json!({
        "operationId": operation.id, "tags": [operation.group.name().of(language)],
        "summary": operation.summary.of(language), "description": operation.note.of(language),
        "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": answers,
        "security": if operation.has_key { json!([{ "key": operation.scopes }]) } else { json!([]) },
    });
    if let Some(value) = value.as_object_mut().filter(|_| !operation.is_event) {
        value.insert("x-codeSamples".to_owned(), json!([{ "lang": "Shell", "source": operation.curl() }]));
    }
    if let (Some(body), Some(value)) = (&operation.body, value.as_object_mut()) {
        let mut content = json!({ "schema": schemas.taken(body) });
        if let (Some(example), Some(content)) = (&body.example, content.as_object_mut()) {
            content.insert("example".to_owned(), example.clone());
        }
        value.insert(
            "requestBody".to_owned(),
            json!({ "required": body.make.is_some(), "content": { body.media_type: content } }),
        );
    }
    value
}

fn written_answer(answer: &Answer, operation: &Operation, language: Language, schemas: &mut Schemas) -> Value {
    let mut headers = Map::new();
    let mut header = |name: &str, says: Text| {
        headers.insert(name.to_owned(), json!({ "description": says.of(language), "schema": { "type": "string" } }));
    };
    answer.headers.iter().for_each(|(name, says)| header(name, *says));
    if operation.has_key {
        header("RateLimit", text("此密钥还可以发的请求数", "Requests that this key may send yet"));
        header("RateLimit-Policy", text("此密钥的限额", "The limit of this key"));
    }
    if operation.parameters.iter().any(|parameter| parameter.name == "after") {
        header("Link", text("下一页，rel=\"next\"", "The next page, rel=\"next\""));
    }
    let mut value = json!({ "description": answer.says.of(language), "headers": headers });
    if let (Some(content), Some(value)) = (&answer.content, value.as_object_mut()) {
        let schema = schemas.given(content);
        let mut contents = json!({ content.media_type: { "schema": schema } });
        for media_type in &answer.further {
            contents[*media_type] = json!({ "schema": {} });
        }
        value.insert("content".to_owned(), contents);
    }
    value
}
