"""The sentences of clauses, as they stand in a contract."""

import pytest

from domain.clauses import KINDS, clause_of
from domain.sentences import sentence
from tests.domain.paying import base_pay, commission, fan_bonus, guarantee, performance, team

SETTLED = "按已结算直播间销售额的5%计提提成"
SENTENCES = [
    (
        base_pay("8000", "paid_days_21_75"),
        "底薪每月8,000.00元，不足整月的按月额÷21.75×出勤工作日计发",
        "Base pay of 8,000.00 yuan a month; a part of a month is paid as amount ÷ 21.75 × workdays "
        "paid",
    ),
    (
        guarantee("10000", conditions={"days": 26, "hours_a_day": "6"}),
        "当月直播满26天、每天满6小时的，保底每月10,000.00元：浮动收入低于保底的按保底计发，"
        "两者取高；不足整月的按当月自然日比例计发",
        "A guarantee of 10,000.00 yuan a month if live on 26 days of the month for 6 hours or more "
        "each: paid where variable pay is less, whichever is more; a part of a month is paid by "
        "calendar days",
    ),
    (
        {"kind": "revenue_share", "metric": "gift_income", "share": "45%"},
        "按礼物收入的45%分成",
        "A share of 45 % of gift income",
    ),
    (
        commission("5%", ("100000", "1%")),
        f"{SETTLED}；直播间销售额超过100,000.00元的部分，提成比例在5%基础上增加1个百分点（分段累计）",
        "Commission of 5 % on settled live-room sales; above 100,000.00: 1 percentage point more "
        "(marginal: each part at its own rate)",
    ),
    (
        commission("5%", ("100000", "1%"), mode="whole", step="relative", boundary="from"),
        f"{SETTLED}；直播间销售额达到100,000.00元的，全部金额的提成比例在5%基础上上浮1%（全额适用）",
        "Commission of 5 % on settled live-room sales; from 100,000.00: the rate of 5 % raised by "
        "1 % (whole: the rate of the total on all of it)",
    ),
    (
        commission("5%", category="beauty", base="paid", cap="6000", floor="100", clawback_days=15),
        "按实付beauty品类直播间销售额的5%计提提成；每月封顶6,000.00元；每月保底100.00元；"
        "15天内退货的，相应提成予以扣回",
        "Commission of 5 % on paid beauty live-room sales; capped at 6,000.00 yuan a month; "
        "at least 100.00 yuan a month; taken back for returns within 15 days",
    ),
    (
        {
            "kind": "category_uplift",
            "category": "beauty",
            "added_rate": "0.5%",
            "stacking_order": 1,
        },
        "beauty品类直播间销售额另加0.5%提成（叠加顺序1）",
        "0.5 % more on beauty live-room sales (stacking order 1)",
    ),
    (
        fan_bonus(),
        "当月净增粉丝数超过50,000的，奖励5,000.00元",
        "A bonus of 5,000.00 yuan for fans gained above 50,000 in a month",
    ),
    (
        fan_bonus(per="step", step_size="10000", boundary="from", amount="500"),
        "当月净增粉丝数在50,000之上每满10,000，奖励500.00元",
        "A bonus of 500.00 yuan for each step of 10,000 reached beyond 50,000 of fans gained in a "
        "month",
    ),
    (
        team(),
        "团队流量较上月增长超过15%的，另发本人当月绩效（计至分）的10%",
        "10 % of the member's performance pay (rounded to the fen) for growth of the team's "
        "traffic on last month above 15 %",
    ),
    (
        {"kind": "hours", "minimum_hours": "100", "minimum_days": 20},
        "每月直播不少于100小时、不少于20天",
        "Live at least 100 hours and 20 days a month",
    ),
    (
        {"kind": "sessions", "least": 2, "most": 3, "per": "week", "hours_each": "2"},
        "每周直播2至3场，每场2小时",
        "2 to 3 sessions a week of 2 hours each",
    ),
    (
        {"kind": "sessions", "least": 4, "per": "month", "hours_each": "1", "category": "beauty"},
        "每月beauty品类直播4场以上，每场1小时",
        "4 or more beauty sessions a month of 1 hour each",
    ),
    (
        {"kind": "flexible_schedule", "notice_hours": 24},
        "直播时间可弹性安排，变更须提前24小时通知业务部门",
        "Hours are flexible; changes are told to the business department 24 hours before",
    ),
    (
        {"kind": "training", "times_a_month": 1},
        "每月培训1次，免费",
        "Training 1 time a month, free",
    ),
    (
        {"kind": "exclusivity", "scope": "其他直播平台"},
        "合同期内排他：其他直播平台",
        "Exclusive during the term: 其他直播平台",
    ),
    (
        {"kind": "non_compete", "scope": "直播带货", "months": 12, "compensation_share": "30%"},
        "合同终止后12个月内竞业限制（直播带货），每月补偿为前十二个月平均工资的30%",
        "No competition for 12 months after the end (直播带货), for 30 % of the average wage of "
        "the last twelve months a month",
    ),
    ({"kind": "confidentiality", "text_zh": "保密。"}, "保密。", "保密。"),
    ({"kind": "custom", "text_zh": "附则。", "text_en": "Else."}, "附则。", "Else."),
]


@pytest.mark.parametrize(("data", "zh", "en"), SENTENCES)
def test_a_clause_says_what_its_parameters_say(data, zh, en):
    assert sentence(clause_of(data)) == (zh, en)


def test_performance_pay_names_the_scheme_its_coefficients_and_gates():
    zh, en = sentence(
        clause_of(performance("2000", gates=[{"metric": "live_minutes", "minimum": "6000"}]))
    )
    assert "按考核方案“live”得分乘以系数（得分0起0、得分0.8起0.8、得分1起1、得分1.1起1.2）" in zh
    assert "直播分钟数未达到6,000的，绩效为零" in zh
    assert "nil unless minutes live reach 6,000" in en


def test_several_tiers_say_where_each_ends():
    zh, _ = sentence(clause_of(commission("5%", ("100000", "1%"), ("150000", "2%"))))
    assert "超过100,000.00元至150,000.00元的部分" in zh
    assert "超过150,000.00元的部分" in zh


def test_what_the_parameters_leave_open_the_sentence_leaves_open():
    unsaid = commission("5%", ("100000", "1%"), mode=None, step=None, boundary=None)
    zh, _ = sentence(clause_of(unsaid))
    assert "分段" not in zh and "全额" not in zh and "百分点" not in zh


def test_every_kind_has_a_sentence():
    said = {clause_of(data).kind for data, _, _ in SENTENCES} | {"performance_pay"}
    assert said == set(KINDS)
