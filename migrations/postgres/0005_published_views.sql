-- The views of what readers see, once more: of a NOT EXISTS, PostgreSQL makes a join, for which it expects one entity
-- and then compares each with every twin. A comparison makes it look the twin up instead.

DROP VIEW published_relations;
DROP VIEW published_entities;

CREATE VIEW published_entities AS
SELECT e.id, e.entity_ref, e.kind, e.namespace, e.name, e.location_id
FROM entities e
JOIN locations l ON l.id = e.location_id AND l.published_run = e.run_id
WHERE (EXISTS (
    SELECT 1
    FROM entity_twins t
    JOIN entities o ON o.entity_ref = t.entity_ref
    JOIN locations ol ON ol.id = o.location_id AND ol.published_run = o.run_id
    WHERE t.entity_ref = e.entity_ref
        AND (ol.created_at < l.created_at OR (ol.created_at = l.created_at AND ol.id < l.id))
)) = FALSE;

CREATE VIEW published_relations AS
SELECT r.source_ref, r.type, r.type_key, r.target_ref
FROM relations r
JOIN published_entities s ON s.id = r.stated_by;
