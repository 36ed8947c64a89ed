export function html(tag, attributes = {}, ...children) {
    return filled(document.createElement(tag), attributes, children);
}
export function svg(tag, attributes = {}, ...children) {
    return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== false)
            element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null));
    return element;
}
export function place(id) {
    const found = document.getElementById(id);
    if (found === null)
        throw new Error(`index.html has no #${id}`);
    return found;
}
export function fitted(className, draw) {
    const host = html("div", { class: className });
    let drawn = 0;
    new ResizeObserver(() => {
        const width = Math.floor(host.clientWidth);
        if (width === drawn || width === 0)
            return;
        drawn = width;
        host.replaceChildren(draw(width));
    }).observe(host);
    return host;
}
