namespace PciBackFlow.Perf.Reports;

/// <summary>How a report's page looks: the only place that knows colours.</summary>
internal static class PageStyle
{
    /// <summary>The style sheet. Paper has the light colours whatever the screen has.</summary>
    internal const string Css = """
        :root {
          color-scheme: light dark;
          --ink: #1b2230; --soft: #5a6577; --line: #dde2ea; --page: #ffffff; --card: #f6f8fb;
          --run: #2563eb; --net: #0d8f7f; --hiccup: #d2740a; --other: #8a3fd1; --bad: #c42b2b;
        }
        @media screen and (prefers-color-scheme: dark) {
          :root {
            --ink: #e8ebf1; --soft: #9ba6b7; --line: #2f3744; --page: #12161d; --card: #1a2029;
            --run: #71a7ff; --net: #45c9b6; --hiccup: #f0a23c; --other: #c495ff; --bad: #ff7b72;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 2rem 1.25rem 3rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; }
        main { max-width: 60rem; margin: 0 auto; }
        h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
        h2 { font-size: 1.1rem; margin: 2.2rem 0 .3rem; }
        p.sub, p.note, p.legend { color: var(--soft); }
        p.sub { margin: .3rem 0 1.4rem; }
        p.note { margin: .5rem 0; font-size: .9rem; }
        p.legend { margin: 0 0 .4rem; font-size: .9rem; }
        p.bad { color: var(--bad); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(12rem, 44%), 1fr)); gap: .6rem; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .55rem .75rem; }
        .card b { display: block; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
        .card span { color: var(--soft); font-size: .82rem; line-height: 1.3; display: block; }
        .card.bad b { color: var(--bad); }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; margin-top: .6rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .32rem .55rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
        th { color: var(--soft); font-weight: 500; }
        th:first-child { text-align: left; padding-left: 0; }
        .facts th, .facts td { text-align: left; white-space: normal; vertical-align: top; }
        .facts th { width: 15rem; }
        .key { margin-right: 1.1rem; white-space: nowrap; }
        .key::before { content: ""; display: inline-block; width: 1.1em; height: 3px; margin-right: .4em; vertical-align: .25em; background: currentColor; }
        .key.run::before { color: var(--run); } .key.net::before { color: var(--net); } .key.hiccup::before { color: var(--hiccup); }
        .key.other::before { color: var(--other); } .key.collection::before { color: var(--bad); }
        svg { display: block; width: 100%; min-width: 38rem; height: auto; }
        svg text { fill: var(--soft); font: 12px system-ui, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }
        svg text.name { fill: var(--ink); }
        svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
        svg .bar { fill: var(--run); } svg .bar.whole { fill: var(--net); } svg .collection { fill: var(--bad); opacity: .7; }
        svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        svg .line.run { stroke: var(--run); } svg .line.other { stroke: var(--other); }
        svg .line.net { stroke: var(--net); stroke-dasharray: 6 3; } svg .line.hiccup { stroke: var(--hiccup); stroke-width: 1.5; }
        svg .dot { stroke: var(--page); stroke-width: 1; }
        svg .dot.run { fill: var(--run); } svg .dot.net { fill: var(--net); } svg .dot.hiccup { fill: var(--hiccup); } svg .dot.other { fill: var(--other); }
        @media (max-width: 40rem) {
          body { padding: 1.2rem .9rem 2rem; }
          .facts th { width: 9rem; }
          th:first-child { white-space: normal; }
          th, td { padding: .32rem .35rem; }
        }
        @media print {
          @page { margin: 14mm; }
          body { padding: 0; font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          main { max-width: none; }
          section, .cards { break-inside: avoid; }
          svg { min-width: 0; }
          .wide { overflow: visible; }
        }
        """;
}
