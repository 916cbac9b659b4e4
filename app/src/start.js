(js, wasm) => {
	const open = [];
	const visit = async (node, module) => {
		const tag = node.tagName.toLowerCase();
		if (tag === "leptos-island") {
			const start = module[node.dataset.component];
			open.at(-1)?.();
			if (start) await start(node);
		} else if (tag === "leptos-children") {
			open.push(node.$$on_hydrate);
		}
		for (const child of node.children) await visit(child, module);
		if (tag === "leptos-children") open.pop();
	};
	const start = async () => {
		const module = await import(js);
		await module.default({ module_or_path: wasm });
		module.hydrate();
		window.portalHydrate = (root) => visit(root, module);
		await visit(document.body, module);
	};
	// Where the islands do not start, the page works as it does without scripting.
	const begin = () => start().catch(() => (document.documentElement.dataset.plain = ""));
	"requestIdleCallback" in window ? requestIdleCallback(begin, { timeout: 500 }) : begin();
}
