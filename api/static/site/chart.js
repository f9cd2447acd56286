// Draws the data of [data-chart] elements. The table beside each says the same without it.
(() => {
  const palette = ["#1f6fc0", "#e09a1a", "#2f9e5b", "#a05cb5", "#d0423a", "#7a8b2a"];
  const charts = [];

  const options = (data, dark) => {
    const ink = dark ? "#c9d3de" : "#3b4650";
    const line = dark ? "#3a4654" : "#d9dfe5";
    return {
      animation: false,
      color: palette,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 12, top: data.series.length > 1 ? 36 : 16, bottom: 8, containLabel: true },
      legend: data.series.length > 1 ? { textStyle: { color: ink }, top: 0 } : undefined,
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        formatter: (points) =>
          [points[0].axisValue, ...points.map((p) => `${p.seriesName}  ${data.series[p.seriesIndex].labels[p.dataIndex]}`)].join("\n"),
      },
      xAxis: { type: "category", data: data.x, axisLabel: { color: ink }, axisLine: { lineStyle: { color: line } } },
      yAxis: {
        type: "value",
        max: data.max,
        axisLabel: { color: ink, formatter: (value) => (data.unit ? `${value}${data.unit}` : value.toLocaleString("en")) },
        splitLine: { lineStyle: { color: line } },
      },
      series: data.series.map((one) => ({
        name: one.name,
        type: data.kind,
        stack: data.stack ? "all" : undefined,
        step: data.kind === "line" ? "end" : undefined,
        barMaxWidth: 48,
        data: one.data.map((value) =>
          data.signed ? { value: Number(value), itemStyle: { color: Number(value) < 0 ? "#d0423a" : "#2f9e5b" } } : Number(value),
        ),
      })),
    };
  };

  const paint = () => {
    const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    for (const { chart, data } of charts) chart.setOption(options(data, dark), true);
  };

  for (const box of document.querySelectorAll("[data-chart]")) {
    const chart = echarts.init(box);
    charts.push({ chart, data: JSON.parse(box.dataset.chart) });
    new ResizeObserver(() => chart.resize()).observe(box);
  }
  paint();
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
