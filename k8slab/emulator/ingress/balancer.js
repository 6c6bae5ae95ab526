// Which backends have endpoints: told by the controller, asked once for each request. No reload is needed for that.
function missing(request) {
    return ngx.shared.endpoints.get(request.variables.proxy_upstream_name) === undefined ? "1" : "";
}

function update(request) {
    const wanted = JSON.parse(request.requestText);
    const known = ngx.shared.endpoints;
    known.keys().forEach((name) => { if (!wanted.includes(name)) { known.delete(name); } });
    wanted.forEach((name) => known.set(name, "1"));
    request.return(200, "ok\n");
}

export default { missing, update };
