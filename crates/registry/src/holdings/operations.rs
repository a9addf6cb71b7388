//! What programs may do with originals: the tus protocol as it is spoken here, and giving back.

use crate::accounts::keys::Scopes;
use crate::web::api::{At, Group, Operation, Parameter, Text, text};
use serde_json::json;

/// The name and the digest of the file of examples, as tus writes them.
const HELLO: &str = "filename aGVsbG8udHh0,sha256 YTk0ODkwNGYyZjBmNDc5YjhmODE5NzY5NGIzMDE4NGIwZDJlZDFjMWNkMmExZWMwZmI4NWQyOTlhMTkyYTQ0Nw==";

/// The operations.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| Operation::new(method, path, id, Group::Originals, summary);
    let upload = || Parameter::id(text("上传的编号", "The upload's id"));
    let write = Scopes::HoldingsWrite.name();
    vec![
        of("OPTIONS", "/uploads", "describeUploads", text("支持协议的哪些部分", "What of the protocol is spoken"))
            .note(text("tus 1.0.0；Tus-Max-Size 是最大的文件。", "tus 1.0.0; Tus-Max-Size is the largest file."))
            .gives_nothing(204, text("见各头", "See the headers"))
            .header("Tus-Version", text("协议版本", "Versions of the protocol"))
            .header("Tus-Extension", text("所支持的扩展", "Extensions"))
            .header("Tus-Checksum-Algorithm", text("校验算法", "Algorithms of checksums"))
            .header("Tus-Max-Size", text("最大的文件，字节", "The largest file, in bytes")),
        of("POST", "/uploads", "createUpload", text("开始上传原件", "Begins the upload of an original"))
            .note(text(
                "Upload-Metadata 给出 filename 与 sha256（均按 tus 以 base64 编码）；sha256 是十六进制 SHA-256，可在最后一次给出。内容与之不符即丢弃。任何 tus 客户端均可使用。",
                "Upload-Metadata gives filename and sha256, each in base64 as tus has it; sha256 is the SHA-256 in hexadecimal, and \
                 may come with the last bytes. What differs from it is thrown away. Any client of tus will do.",
            ))
            .key(write)
            .parameter(version())
            .parameter(
                number("Upload-Length", text("文件大小，字节", "The size of the file, in bytes")).needed().example("12"),
            )
            .parameter(header("Upload-Metadata", text("名称与摘要", "Name and digest")).example(HELLO))
            .parameter(checksum())
            .parameter(Parameter::idempotency_key())
            .takes_bytes("application/offset+octet-stream")
            .refuses(&[400, 403, 408, 409, 412, 422, 460, 503, 507])
            .gives_nothing(201, text("已开始", "It has begun"))
            .header("Location", text("上传的地址", "The upload's address"))
            .header("Upload-Offset", text("已收到的字节数", "Bytes that are here durably"))
            .header("Upload-Expires", text("未完成的上传何时删除", "When an unfinished upload goes"))
            .header("Upload-Holding", text("原件的编号，收齐之后", "The original's id, once all is here")),
        of("OPTIONS", "/uploads/{id}", "describeUpload", text("支持协议的哪些部分", "What of the protocol is spoken"))
            .parameter(upload())
            .gives_nothing(204, text("见各头", "See the headers")),
        of("HEAD", "/uploads/{id}", "getUpload", text("已收到多少", "How much is here"))
            .key(write)
            .parameter(upload())
            .parameter(version())
            .refuses(&[412])
            .gives_nothing(200, text("见各头", "See the headers"))
            .header("Upload-Offset", text("已收到的字节数", "Bytes that are here durably"))
            .header("Upload-Length", text("文件大小", "The size of the file"))
            .header("Upload-Holding", text("原件的编号，收齐之后", "The original's id, once all is here")),
        of("PATCH", "/uploads/{id}", "appendUpload", text("续传", "Sends bytes from an offset on"))
            .key(write)
            .parameter(upload())
            .parameter(version())
            .parameter(
                number("Upload-Offset", text("从哪个字节起", "From which byte on")).needed().example("0"),
            )
            .parameter(header("Upload-Metadata", text("末次可给出 sha256", "sha256, where it comes with the last bytes")))
            .parameter(checksum())
            .takes_bytes("application/offset+octet-stream")
            .refuses(&[400, 408, 409, 412, 415, 422, 423, 460, 503, 507])
            .command(
                "curl -X PATCH -H \"Authorization: Bearer $KEY\" -H 'Tus-Resumable: 1.0.0' -H 'Upload-Offset: 0' \\\n  \
                 -H 'Content-Type: application/offset+octet-stream' --data-binary @hello.txt \"$SHIYIN/uploads/$ID\"",
            )
            .gives_nothing(204, text("已收到", "They are here durably"))
            .header("Upload-Offset", text("已收到的字节数", "Bytes that are here durably"))
            .header("Upload-Holding", text("原件的编号，收齐之后", "The original's id, once all is here")),
        of("DELETE", "/uploads/{id}", "endUpload", text("放弃上传", "Gives an upload up"))
            .key(write)
            .parameter(upload())
            .parameter(version())
            .refuses(&[409, 412, 423])
            .gives_nothing(204, text("已放弃", "It is given up")),
        of("GET", "/api/v1/holdings/{id}", "getHolding", text("取回原件", "Gives an original back"))
            .note(text(
                "逐比特原样；带 Range 则取其中一段。Repr-Digest 是整个文件的 SHA-256。",
                "Bit by bit as it was; with Range a part of it. Repr-Digest is the SHA-256 of the whole file.",
            ))
            .key(Scopes::HoldingsRead.name())
            .parameter(Parameter::id(text("原件的编号", "The original's id")))
            .parameter(header("Range", text("取哪一段", "Which part")))
            .refuses(&[416, 451])
            .gives_bytes(200, "application/octet-stream", text("文件", "The file"))
            .gives_bytes(206, "application/octet-stream", text("其中一段", "A part of it"))
            .gives_nothing(304, text("与 If-None-Match 所指相同", "It is what If-None-Match names")),
    ]
}

fn header(name: &'static str, says: Text) -> Parameter {
    Parameter::new(name, At::Header, json!({ "type": "string" }), says)
}

fn number(name: &'static str, says: Text) -> Parameter {
    Parameter::new(name, At::Header, json!({ "type": "string", "pattern": "^[0-9]+$" }), says)
}

fn version() -> Parameter {
    let version = json!({ "type": "string", "const": super::tus::VERSION });
    let says = text("协议版本", "The version of the protocol");
    Parameter::new("Tus-Resumable", At::Header, version, says).needed().example(super::tus::VERSION)
}

fn checksum() -> Parameter {
    header("Upload-Checksum", text("此次内容的校验值", "The checksum of these bytes"))
}
