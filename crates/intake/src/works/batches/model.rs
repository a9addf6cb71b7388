//! What a batch is made of: fields that all items share, each item's own, and what came of it.

use super::super::files::SentFile;
use super::super::model::{Application, Somebody, TagSet, line};
use registry::evidence::{DraftFile, Mode};
use registry::web::Told;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Items of one batch.
pub(super) const ITEMS_MAX: usize = 1_000;
/// Files of all its items together.
pub(super) const BATCH_FILES_MAX: usize = 10_000;

/// Fields of applications; what is left out is that of all items, or nothing.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "BatchFields", extend("x-zh" = "申请的各字段；不给则取各项共用的，或留空"))]
pub(super) struct Fields {
    /// A type of the vocabulary.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "词汇表中的类型"))]
    pub kind: Option<String>,
    /// Whether it was published.
    #[schemars(extend("x-zh" = "是否已发表"))]
    pub published: Option<bool>,
    /// How the content is kept.
    #[schemars(extend("x-zh" = "内容的保存方式"))]
    pub mode: Option<Mode>,
    /// The work that it goes on with; without it each item begins a work.
    #[schemars(extend("x-zh" = "续作时填作品号；不填则每项为一个新作品"))]
    pub work: Option<String>,
    /// What it is called; without it the name of the first file.
    #[schemars(extend("x-zh" = "名称；不给则取首个文件的名称"))]
    pub title: Option<String>,
    /// A stage of the type, or `own`.
    #[schemars(extend("x-zh" = "类型的阶段，或 own"))]
    pub stage: Option<String>,
    /// The stage in your own words, where it is `own`.
    #[schemars(extend("x-zh" = "stage 为 own 时，自述的阶段"))]
    pub own_stage: Option<String>,
    /// The version.
    #[schemars(extend("x-zh" = "版本"))]
    pub version: Option<String>,
    /// A summary.
    #[schemars(extend("x-zh" = "内容提要"))]
    pub summary: Option<String>,
    /// Who made it or has rights in it.
    #[schemars(extend("x-zh" = "作者与权利人"))]
    pub people: Option<Vec<Somebody>>,
    /// Tags of the vocabulary.
    #[schemars(extend("x-zh" = "词汇表中的标签"))]
    pub tags: Option<Vec<TagSet>>,
    /// What the applicant declares.
    #[schemars(extend("x-zh" = "申请人的声明"))]
    pub declaration: Option<String>,
    /// Where it was published.
    #[schemars(extend("x-zh" = "发表的平台"))]
    pub platforms: Option<String>,
    /// What else there is.
    #[schemars(extend("x-zh" = "其他材料"))]
    pub materials: Option<String>,
    /// Whether the applicant has nothing to do with the operator.
    #[schemars(extend("x-zh" = "申请人是否与运营者无关"))]
    pub unrelated: Option<bool>,
}

impl Fields {
    /// Puts what is given into an application; the rest stays as it is.
    pub(super) fn put(&self, application: &mut Application) {
        let texts = [
            (&self.kind, &mut application.kind),
            (&self.title, &mut application.title),
            (&self.stage, &mut application.stage),
            (&self.own_stage, &mut application.own_stage),
            (&self.version, &mut application.version),
            (&self.summary, &mut application.summary),
            (&self.declaration, &mut application.declaration),
            (&self.platforms, &mut application.platforms),
            (&self.materials, &mut application.materials),
        ];
        for (given, place) in texts {
            if let Some(text) = given {
                place.clone_from(text);
            }
        }
        application.title = line(&application.title);
        application.is_published = self.published.or(application.is_published);
        application.mode = self.mode.or(application.mode);
        application.is_unrelated = self.unrelated.or(application.is_unrelated);
        application.work = self.work.clone().or(application.work.take());
        if let Some(people) = &self.people {
            application.people.clone_from(people);
        }
        if let Some(tags) = &self.tags {
            application.tags.clone_from(tags);
        }
    }
}

/// What a program sends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BatchRequest", extend("x-zh" = "一批申请"))]
pub(super) struct Sending {
    /// What all items share.
    #[serde(default)]
    #[schemars(extend("x-zh" = "各项共用的字段"))]
    pub common: Fields,
    /// The items, each of which becomes a record; 10,000 files in all.
    #[schemars(extend("x-zh" = "各项，每项成为一条记录；文件合计至多 10 000 个", "minItems" = 1, "maxItems" = ITEMS_MAX))]
    pub items: Vec<Item>,
    /// Whether it waits to be edited and confirmed; nothing is stamped before.
    #[serde(default)]
    #[schemars(extend("x-zh" = "是否先保留，以便修改后再确认；确认之前不盖时间戳"))]
    pub hold: bool,
}

/// An item: files that become one record.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BatchItem", extend("x-zh" = "一项：成为一条记录的文件"))]
pub(super) struct Item {
    /// Its own fields, which count before those that all share.
    #[serde(default)]
    #[schemars(extend("x-zh" = "本项自己的字段，优先于共用的"))]
    pub fields: Fields,
    /// Its files.
    #[schemars(extend("x-zh" = "本项的文件", "minItems" = 1))]
    pub files: Vec<SentFile>,
}

/// What is changed of a batch that is held.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BatchEdit", extend("x-zh" = "对保留中一批的修改"))]
pub(super) struct Edit {
    /// The places of the items, counted from 0; all of them where it is left out.
    #[serde(default)]
    #[schemars(extend("x-zh" = "各项的位置，从 0 起；不给则为全部"))]
    pub items: Option<Vec<u32>>,
    /// Fields that they get.
    #[serde(default)]
    #[schemars(extend("x-zh" = "要改成的字段"))]
    pub set: Fields,
    /// What is replaced in the names of their files.
    #[serde(default)]
    #[schemars(extend("x-zh" = "文件名称中的替换"))]
    pub rename: Option<Rename>,
}

/// Text that is replaced by other text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-zh" = "以一段文字替换另一段"))]
pub(super) struct Rename {
    /// What is looked for.
    #[schemars(extend("x-zh" = "查找", "minLength" = 1))]
    pub find: String,
    /// What stands there afterwards.
    #[schemars(extend("x-zh" = "替换为"))]
    pub put: String,
}

/// What is kept of an item until it is a record; sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub application: Application,
    pub files: Vec<DraftFile>,
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "BatchState", extend("x-zh" = "一批的状态：held 保留待改，running 办理中，done 已完，stopped 已停止"))]
pub(super) enum Stands {
    /// It may be edited, and waits to be confirmed.
    #[schemars(description = "It may be edited, and waits to be confirmed.", extend("x-zh" = "可修改，待确认"))]
    Held,
    /// Its records are being made.
    #[schemars(description = "Its records are being made.", extend("x-zh" = "办理中"))]
    Running,
    /// Every item was made or refused.
    #[schemars(description = "Every item was made or refused.", extend("x-zh" = "各项均已办完"))]
    Done,
    /// Whoever sent it may not apply any more: what was not made is not made.
    #[schemars(
        description = "Whoever sent it may not apply any more: what was not made is not made.",
        extend("x-zh" = "提交者不能再申请：未办的各项不再办理")
    )]
    Stopped,
}

impl Stands {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Held, Self::Running, Self::Done, Self::Stopped].into_iter().find(|state| state.name() == name)
    }
}

/// A batch, as lists show it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "一批申请"))]
pub(super) struct Batch {
    /// Its id.
    #[schemars(extend("x-zh" = "编号"))]
    pub id: String,
    /// Where it stands.
    #[schemars(extend("x-zh" = "状态"))]
    pub state: Stands,
    /// How many items it has.
    #[schemars(extend("x-zh" = "共有多少项"))]
    pub items: u64,
    /// How many of them are records.
    #[schemars(extend("x-zh" = "已成为记录的项数"))]
    pub made: u64,
    /// How many of them were refused.
    #[schemars(extend("x-zh" = "被拒绝的项数"))]
    pub failed: u64,
    /// How many of them are not made, since the batch was stopped.
    #[schemars(extend("x-zh" = "因停止而未办的项数"))]
    pub stopped: u64,
    /// When it was sent.
    #[schemars(extend("x-zh" = "提交的时间", "format" = "date-time"))]
    pub sent: String,
    /// Where it is.
    #[schemars(extend("x-zh" = "地址"))]
    pub href: String,
}

/// A batch with a page of its items.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "一批申请，及其一页各项"))]
pub(super) struct BatchPage {
    /// The batch.
    #[schemars(extend("x-zh" = "这一批"))]
    pub batch: Batch,
    /// Its items.
    #[schemars(extend("x-zh" = "各项"))]
    pub results: Vec<Outcome>,
    /// The cursor of the next page; null at the end.
    #[schemars(extend("x-zh" = "下一页的游标；到头为 null"))]
    pub next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct BatchList {
    /// The batches, the newest first.
    #[schemars(extend("x-zh" = "各批，新的在前"))]
    pub batches: Vec<Batch>,
    /// The cursor of the next page; null at the end.
    #[schemars(extend("x-zh" = "下一页的游标；到头为 null"))]
    pub next: Option<String>,
}

/// What came of an item.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchResult", extend("x-zh" = "一项的结果"))]
pub(super) struct Outcome {
    /// Its place, counted from 0.
    #[schemars(extend("x-zh" = "位置，从 0 起"))]
    pub place: u64,
    /// `waiting`, `made`, `failed` or `stopped`.
    #[schemars(extend(
        "x-zh" = "waiting 待办，made 已成为记录，failed 被拒绝，stopped 因停止而未办",
        "enum" = ["waiting", "made", "failed", "stopped"]
    ))]
    pub state: String,
    /// What it is called; null once it is a record.
    #[schemars(extend("x-zh" = "名称；成为记录之后为 null"))]
    pub title: Option<String>,
    /// How many files it has; null once it is a record.
    #[schemars(extend("x-zh" = "文件数；成为记录之后为 null"))]
    pub files: Option<u64>,
    /// The evidence number of its record.
    #[schemars(extend("x-zh" = "记录的证据编号"))]
    pub number: Option<String>,
    /// Where the record is.
    #[schemars(extend("x-zh" = "记录的地址"))]
    pub record: Option<String>,
    /// Where its certificate is, once it is stamped.
    #[schemars(extend("x-zh" = "证明的地址，盖戳之后可取"))]
    pub certificate: Option<String>,
    /// Why it was refused, or not made.
    #[schemars(extend("x-zh" = "被拒绝或未办的原因"))]
    pub refusal: Option<Told>,
}
