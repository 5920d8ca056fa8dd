"""Texts that try to be more than text, on a page, on a terminal or in a file name."""

HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    '"><svg onload=alert(3)>',
    "' onmouseover='window.hacked = 4' x='",
    "javascript:alert(5)",
    "--><!--<!-- cards --><![CDATA[ $prompt ${title} $$ %s {0} {{x}}",
    "</style><style>* { display: none !important }</style>",
    "&lt;b&gt;&amp;amp;&#0;",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.tac\N{RIGHT-TO-LEFT ISOLATE} never closed",
    "\0 NUL, \x1b[31mred\x07, \x85 next, \x7f",
    "half a surrogate: \ud83d",
    "two\nlines\tand a tab\r\nand a third",
    "e" + "\N{COMBINING ACUTE ACCENT}" * 300,
)
