"""A small English-Chinese glossary of what reports and newspapers are asked about; knows nothing else.

Takes an English question, gives Chinese words that an answering sentence is likely to hold. It is no translation:
the words only help a Chinese sentence to be found and chosen. Written for this project.
"""

from __future__ import annotations

import re
from functools import cache

_ENTRIES = """
general manager: 总经理; manager: 经理; chairman, chairwoman, chairperson: 董事长 主席
president: 总裁 校长 会长 总统 院长; vice president: 副总裁 副校长; director: 主任 局长 院长 总监
deputy director: 副主任 副局长; head: 负责人; founder, founded by: 创始人 创办
chief executive, ceo: 首席执行官 总裁; chief engineer: 总工程师; secretary: 书记 秘书长; mayor: 市长
vice mayor, deputy mayor: 副市长; governor: 省长; minister: 部长; professor: 教授; academician: 院士
doctor: 博士 医生; engineer: 工程师; expert, experts: 专家; reporter, journalist: 记者
spokesperson: 发言人; author: 作者; principal: 校长; dean: 院长; leader: 领导 负责人
representative: 代表; employee, employees, staff, workers: 员工 职工; talent, talents: 人才
student, students: 学生; graduate, graduates: 毕业生; people: 人; resident, residents: 居民
population: 人口; team, teams: 团队; company, companies: 企业 公司
enterprise, enterprises, firm, firms: 企业; business, businesses: 企业 业务; supplier, suppliers: 供应商
manufacturer, manufacturers: 制造商 企业; bank, banks: 银行; university, universities: 大学 高校
college: 学院; school, schools: 学校; hospital: 医院; institute: 研究院 研究所; laboratory, lab: 实验室
center, centre: 中心; branch center, branch centre, sub-center: 分中心; government: 政府
committee: 委员会; bureau: 局; department: 部门 厅; ministry: 部; province, provincial: 省
city, municipal: 市; district: 区; county: 县; town: 镇; village: 村; country, countries, nation: 国家
high-tech zone, high tech zone, hi-tech zone: 高新区; development zone: 开发区; park, parks: 园区
industrial park: 产业园; innovation park: 创新园; zone: 区; demonstration zone: 示范区
free trade zone: 自贸区; science park: 科技园 科教城; incubator, incubators: 孵化器; base: 基地
platform, platforms: 平台; project, projects: 项目
key project, major project, major projects, key projects: 重大项目 重点项目
investment, invest, invested: 投资; total investment: 总投资; output value: 产值
industrial output: 工业 产值; output: 产值 产量; production: 生产; capacity, production capacity: 产能
annual, annually, per year, yearly: 年; revenue: 收入 营收; sales revenue: 销售收入; sales: 销售额 销售
sold: 销售; income: 收入; profit, profits: 利润; tax, taxes: 税收; budget: 预算
gdp, gross domestic product: 生产总值; financing, raised, funding: 融资; fund, funds: 基金 资金
subsidy, subsidies: 补贴 资助; grant: 资助; reward, bonus: 奖励; loan, loans: 贷款; price: 价格
stock: 股票 股价; cost: 成本; foreign investment, foreign capital: 外资
foreign-funded, foreign-invested: 外资企业; export, exports: 出口; import, imports: 进口; trade: 贸易
market: 市场; asset, assets: 资产; added value, value added: 增加值
growth, grow, grew, growth rate: 增长 增速; increase, increased: 增长 增加 新增
decrease, decreased, reduce, reduced: 下降 减少 降低; shorten, shortened: 缩短
improve, improved: 提高 提升; exceed, exceeded: 超过 突破; reach, reached: 达到
percentage, percent, share: 占比 比例; rate: 率; average: 平均; rank, ranked, ranking: 排名 位列
listed: 上市 上榜; nasdaq: 纳斯达克; stock exchange: 交易所; top 500, fortune 500: 500强; first: 首 第一
best: 最; sign, signed, signing: 签约 签订
start construction, began construction, construction start, groundbreaking: 开工
construction, build, built: 建设 建成; complete, completed: 完成 建成
put into production, put into operation, operation: 投产 投用; launch, launched: 推出 上线 启动
release, released, publish, published, issue, issued, announce, announced: 发布 印发 公布
open, opened: 开放 开业; establish, established, founded, set up, founding: 成立 设立 创立
upgrade, upgraded, promoted: 升级; approve, approved, approval: 批准 审批; unveil, unveiled: 揭牌
hold, held, ceremony: 举行 仪式; visit, visited: 走访 考察; attract, attracted: 吸引 引进
gather, gathered: 集聚 聚集; recruit, recruitment: 招聘; cooperate, cooperation: 合作; agreement: 协议
develop, developed, development: 研发 发展 开发; research: 研究 研发; invent, invented: 发明
design, designed: 设计; technology, technologies: 技术; science and technology: 科技
innovation, innovative: 创新; patent, patents: 专利; invention patent: 发明专利; product, products: 产品
brand: 品牌; standard, standards: 标准; certificate: 证书; award, awards, prize: 奖; title: 称号
list: 名单 清单 榜单; demand list: 需求清单; supply list: 供给清单; opportunity list: 机会清单
plan, program, programme: 计划; policy, policies: 政策; measure, measures: 措施 办法
indicator, indicators: 指标; evaluation: 评价; target, goal: 目标; new energy, new-energy: 新能源
vehicle, vehicles, car, cars, automobile, automotive: 汽车; electric vehicle: 电动汽车
truck, trucks: 卡车 重卡; heavy truck: 重卡; battery, batteries: 电池; power battery: 动力电池
energy storage: 储能; component, components, parts: 零部件; core: 核心; lithium: 锂
lithium carbonate: 碳酸锂; rare earth: 稀土; photovoltaic, solar: 光伏; wind power: 风电; hydrogen: 氢
electricity, power generation: 发电; power: 电力; rooftop: 屋顶; robot, robots: 机器人
chip, chips: 芯片; semiconductor: 半导体; software: 软件; cloud: 云; digital: 数字
artificial intelligence, ai: 人工智能; intelligent, smart: 智能 智慧; equipment: 装备 设备
high-end equipment: 高端装备; electronic information: 电子信息; steel: 钢铁; material, materials: 材料
new materials: 新材料; biomedicine, biopharmaceutical: 生物医药; medicine, pharmaceutical: 医药 制药
medical: 医疗; environmental protection, energy saving: 环保 节能; green: 绿色; low-carbon: 低碳
carbon: 碳; emission, emissions: 排放; pm2.5: pm2.5; concentration: 浓度; water: 水
industry, industries, industrial: 产业 工业; leading industries, leading industry: 主导产业
industrial chain: 产业链; innovation chain: 创新链; supply chain: 供应链; manufacturing: 制造
agriculture: 农业; service, services: 服务; tourism: 旅游; finance, financial: 金融
business environment: 营商环境; factory, factories, plant: 工厂; workshop: 车间
production line, production lines: 生产线; area: 面积; land: 土地 用地; building: 楼 建筑; floor: 楼
square meters, square metres: 平方米; length: 长; height: 高; weight: 重; temperature: 温度; age: 岁
year, years: 年; month, months: 月; day, days: 天 日; quarter: 季度; half of the year: 半年
number: 数量; total: 总 共; cumulative, cumulatively: 累计; resume, resumes: 简历
job, jobs, position, positions: 岗位; activity, event: 活动; meeting, conference: 会议 大会
competition: 大赛; exhibition, expo: 博览会 展; museum: 博物馆; library: 图书馆; hotel: 酒店; road: 路
bridge: 桥; railway: 铁路; station: 站; airport: 机场; port: 港; school year: 学年; language: 语
german-speaking: 德语区; phase: 期; round: 轮; batch: 批; new: 新; world: 世界; global: 全球
national: 国家 全国; china, chinese: 中国; germany, german: 德国; israel, israeli: 以色列; japan: 日本
korea: 韩国; india, indian: 印度; america, american, united states: 美国; britain, british: 英国
france, french: 法国; russia: russia 俄罗斯; singapore: 新加坡; europe, european: 欧洲; byd: 比亚迪
catl: 宁德时代; baic: 北汽; dongfeng: 东风; huawei: 华为; tencent: 腾讯; alibaba: 阿里巴巴; xiaomi: 小米
geely: 吉利; saic: 上汽; sinopec: 中石化; petrochina: 中石油
"""


@cache
def _table() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    rows = []
    for entry in re.split(r"[;\n]", _ENTRIES):
        if ":" not in entry:
            continue
        english, chinese = entry.split(":", 1)
        for phrase in english.split(","):
            rows.append((phrase.strip(), tuple(chinese.split())))
    rows.sort(key=lambda row: -len(row[0]))  # longer phrases first, they use up their words
    return tuple((re.compile(rf"(?<![a-z]){re.escape(phrase)}(?![a-z])"), words) for phrase, words in rows)


def chinese_words(question: str) -> tuple[str, ...]:
    """Return Chinese words for the English phrases of a question, longer phrases before their parts."""
    rest = question.lower()
    words: dict[str, None] = {}
    for pattern, chinese in _table():
        if pattern.search(rest):
            words.update(dict.fromkeys(chinese))
            rest = pattern.sub(" ", rest)
    return tuple(words)
