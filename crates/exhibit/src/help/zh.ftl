nav = 使用指引
nav-short = 指引
lead = 申请、核验与保存，以及如实回答的常见问题。
contents = 目录
others = 其他指引
api = 接口参考
api-note = 本节点的每一项操作：字段、示例与各种拒绝，供编写程序者使用。
