"""The worst contrast of a page: every visible text against its nearest filled background, as a share of what WCAG 2.1 AA asks for
(4.5 to 1, or 3 to 1 for large text). A script for the browser; gives [ratio, element], and a ratio of 1 is just enough."""

CONTRAST = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const lum = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                     return .2126 * r + .7152 * g + .0722 * b; };
  let worst = [99, ''];
  for (const e of document.querySelectorAll('body *:not(svg *)')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    let b = e; while (b && parse(getComputedStyle(b).backgroundColor)[3] === 0) b = b.parentElement;
    const style = getComputedStyle(e);
    const back = b ? parse(getComputedStyle(b).backgroundColor).slice(0, 3) : [255, 255, 255];
    const [x, y] = [lum(parse(style.color).slice(0, 3)), lum(back)].sort((p, q) => q - p);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const margin = (x + .05) / (y + .05) / (large ? 3 : 4.5);
    if (margin < worst[0]) worst = [margin, e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 30)];
  }
  return worst;
}"""
