from __future__ import annotations

import pytest

from index.text import fold
from rag.stages import Stages, marks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("二期工程，首期工程", "phase 2 phase 1"),
        ("第三期项目 Ⅱ期临床 头一期", "phase 3 phase 2 phase 1"),
        ("一、二期总投资", "phase 1,2"),
        ("一期和二期各投资", "phase 1,2"),
        ("一至三期", "phase 1,2,3"),
        ("总第158期，2021年第 3 期，第二十期，1.5期，共 5 期", ""),
        ("2018年一期投产", "phase 1"),
        ("这是哪一期？从下一期起，分三期建设，在此期间，星期二期中考试，首期付款", "weekday 1"),
        ("新一轮、一批项目；哪一批；第三批准", ""),
        ("首批，第二批，头一批，第12批", "batch 1 batch 2 batch 1 batch 12"),
        ("完成 B+ 轮融资，首轮 3 亿，Pre-A轮，天使轮", "round b+ measure 5 round 1 round prea round angel"),
        ("LED轮播屏，FAG轮毂", ""),
        ("今年1—6月，上半年，前6个月", "season h1 season h1 season h1"),
        ("11月至6月，1-9月", "season m9"),
        (
            "前三季度，三季度，第3季度，前3季度，一至三季度",
            "season m9 season q3 season q3 season m9 season m9",
        ),
        ("四季度假区", ""),
        ("2023年Q3营收，2024年H1", "season q3 measure 0 season h1"),
        ("Phase II of the plant, the first phase", "phase 2 phase 1"),
        ("its Series B round, its Series C. the first round of talks", "round b round c"),
        ("the series began in a round of financing, all year round about", ""),
        ("the second funding", "round 2"),
        ("the second-quarter report; the first half of 2024", "season q2 season h1"),
        ("fuel cells need H2", ""),
        ("周二至周四、星期天，除周一外，一周日程", "weekday 1,2,3,6"),
        ("周五到一，Saturday to Monday, Thursdays", "weekday 4 weekday 0,5,6 weekday 3"),
    ],
)
def test_stages_are_found_in_both_languages(text: str, found: str) -> None:
    assert " ".join(f"{mark.kind} {','.join(sorted(mark.stages))}" for mark in marks(fold(text))) == found


@pytest.mark.parametrize(
    ("asked", "sentence", "before", "answer", "value"),
    [
        ("二期投了多少", "一期总投资3亿元", "", "3亿元", -1.0),
        ("二期投了多少", "二期总投资3亿元", "", "3亿元", 1.0),
        ("二期投了多少", "一期总投资3亿元，二期5亿元", "", "5亿元", 1.0),
        ("二期投了多少", "一期总投资3亿元，二期5亿元", "", "3亿元", -1.0),
        ("二期投了多少", "3亿元投入一期，5亿元投入二期", "", "5亿元", 1.0),
        ("一期投了多少", "一期、二期各投资5亿元", "", "5亿元", 1.0),
        ("二期投了多少", "总投资5亿元的二期项目开工", "", "5亿元", 1.0),
        ("二期投了多少", "总投资5亿元", "二期开工。", "5亿元", 0.5),
        ("二期投了多少", "总投资5亿元", "二期之前，一期投产。", "5亿元", -0.5),
        ("二期投了多少", "总投资5亿元", "", "5亿元", 0.0),
        ("周三几点开门", "周二开放8小时", "", "8小时", -1.0),
        ("周三几点开门", "周二至周五开放8小时，周末5小时", "", "8小时", 0.0),
        ("周三几点开门", "除周一外开放8小时", "", "8小时", 0.0),
        ("周三几点开门", "周一闭馆，其余日子开放8小时", "", "8小时", 0.0),
        ("一共投了多少", "二期总投资5亿元", "", "5亿元", 0.0),
        ("how much did phase two cost", "一期总投资3亿元", "", "3亿元", -1.0),
        ("how long is line 5 of the metro", "2号线全长24公里", "", "24公里", -1.0),
        ("2021年上半年二期产量多少", "上半年，一期产量5吨", "", "5吨", -1.0),
    ],
)
def test_a_place_agrees_with_the_stage_mentioned_last(
    asked: str, sentence: str, before: str, answer: str, value: float
) -> None:
    agreement = Stages(fold(asked)).sentence(fold(sentence), [fold(before)])
    assert agreement(sentence.index(answer)) == value


@pytest.mark.parametrize(
    ("asked", "text", "agreement"),
    [
        ("第八届龙舟赛有多少人参加？", "第九届龙舟赛有800人参加", -1.0),
        ("第八届龙舟赛有多少人参加？", "第8届龙舟赛有800人参加", 1.0),
        ("第18届龙舟赛有多少人参加？", "第十八届龙舟赛有800人参加", 1.0),
        ("地铁4号线何时开通？", "地铁三号线2021年开通", -1.0),
        ("3号楼有多高？", "三号楼高98米", 1.0),
        ("本届龙舟赛有多少人参加？", "第九届龙舟赛有800人参加", 0.0),
        ("s3线有多长？", "轻轨s1线全长800米", -1.0),
        ("“海鹘二号”下潜了多深？", "“海鹘一号”下潜800米", -1.0),
        ("“海鹘二号”下潜了多深？", "“海鹘2号”下潜800米", 1.0),
        ("海鹘二号下潜了多深？", "由天枢一号母船放出，下潜800米", 0.0),
        ("5月3日海鹘下潜了多深？", "5月4号下潜800米", 0.0),
    ],
)
def test_sessions_and_numbered_lines_are_told_apart(asked: str, text: str, agreement: float) -> None:
    assert Stages(asked).sentence(text, ())(len(text) - 2) == agreement


@pytest.mark.parametrize(
    ("asked", "text", "answer", "agreement"),
    [
        ("老人票多少钱？", "成人票60元，老人票30元", "60元", -1.0),
        ("老人票多少钱？", "成人票60元，老人票30元", "30元", 1.0),
        ("军人票多少钱？", "门票60元，现役军人免票", "60元", 0.0),
        ("海洋馆票多少钱？", "成人票60元，老人票30元", "60元", 0.0),
        ("儿童票多少钱？", "成人票60元，小孩票30元", "30元", 1.0),
        ("出口额是多少？", "进出口总额90亿元，其中出口50亿元、进口40亿元", "50亿元", 1.0),
        ("出口额是多少？", "进出口总额90亿元，其中出口50亿元、进口40亿元", "90亿元", -1.0),
        ("出口额是多少？", "进出口总额90亿元，其中出口50亿元、进口40亿元", "40亿元", -1.0),
        ("拿了多少枚银牌？", "获得58枚金牌和41枚银牌", "41枚", 1.0),
        ("拿了多少枚银牌？", "获得58枚金牌和41枚银牌", "58枚", -1.0),
        ("男子组亚军是谁？", "顾一川获得第二名", "顾一川", 1.0),
        ("男子组亚军是谁？", "女子组冠军是顾一川", "顾一川", -1.0),
        ("黄灯亮是什么意思？", "蓝灯表示好，黄灯表示一般", "好", -1.0),
        ("几点闭馆？", "9:00开馆，17:00闭馆", "9:00", -1.0),
        ("几点闭馆？", "9:00开馆，17:00闭馆", "17:00", 0.0),
        ("一食堂套餐多少钱？", "二食堂套餐12元", "12元", -1.0),
        ("二期有几座桥？", "二期比一期多300亩，建桥6座", "6座", 1.0),
        ("红山茶几月开花？", "红山茶二月开花；白山茶十月开花", "二月", 0.0),
        ("红山茶几月开花？", "红山茶二月开花；白山茶十月开花", "十月", -1.0),
        ("山茶几月开花？", "红山茶二月开花；白山茶十月开花", "十月", 0.0),
        ("第一中学有多少学生？", "第三中学有学生800人", "800人", -1.0),
        ("东城区有多少人口？", "东城区人口9万，西城区人口8万", "9万", 0.0),
        ("公司营收多少？", "净利润3亿元", "3亿元", -1.0),
        ("公司营收多少？", "实现营业收入3亿元", "3亿元", 0.0),
        ("公司营收多少？", "净利润涨了，达到3亿元", "3亿元", 0.0),
    ],
)
def test_what_excludes_each_other_is_told_apart(asked: str, text: str, answer: str, agreement: float) -> None:
    assert Stages(fold(asked)).sentence(fold(text), [])(text.index(answer)) == agreement
