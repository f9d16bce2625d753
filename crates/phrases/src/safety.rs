//! What a customer in danger does now. Every text fits two segments of the cheap alphabet, with a long name of the business and
//! the words on opting out.

use crate::phrase_struct::phrase_struct;

phrase_struct! {
    /// What a customer in danger is told in one language.
    pub struct SafetyPhrases {
        /// Gas in the air.
        gas,
        /// Carbon monoxide.
        carbon_monoxide,
        /// Fire or smoke.
        fire,
        /// Electricity that is loose.
        shock,
        /// Water that does not stop.
        water,
        /// Cold, or heat, that harms.
        climate,
        /// A person or an animal that cannot get out.
        trapped,
        /// A home that does not lock, or was broken into.
        intrusion,
        /// Something heavy that fell or may fall.
        falling,
    }
}

pub(crate) const ENGLISH: SafetyPhrases = SafetyPhrases {
    gas: "If you smell gas: leave the building now, use no switches or flames, and call 911 or your gas company from outside. {business_name} has been alerted.",
    carbon_monoxide: "If a CO alarm sounds: get everyone outside into fresh air now and call 911. {business_name} has been alerted.",
    fire: "If there is smoke or fire: get everyone out now and call 911. Touch nothing that burns or is hot. {business_name} has been alerted.",
    shock: "Keep away from it and touch nothing wet or metal nearby. If it is safe, switch off the main breaker. If anyone is hurt or it burns, call 911. {business_name} has been alerted.",
    water: "If you can: shut the main water valve (often by the meter) and keep away from outlets that are wet. {business_name} has been alerted.",
    climate: "Keep everyone in one room, warm or cool as you need it. If anyone feels ill, call 911. {business_name} has been alerted.",
    trapped: "If anyone is in danger, hurt or in a hot car, call 911 now. {business_name} has been alerted.",
    intrusion: "If you do not feel safe, go where you are safe and call 911 now. {business_name} has been alerted.",
    falling: "Keep everyone away from the door and do not use the opener. If anyone is hurt, call 911. {business_name} has been alerted.",
};

pub(crate) const GERMAN: SafetyPhrases = SafetyPhrases {
    gas: "Wenn Sie Gas riechen: Verlassen Sie sofort das Haus, kein Licht, kein Feuer, und rufen Sie draußen die 112 oder Ihren Gasversorger an. {business_name} ist benachrichtigt.",
    carbon_monoxide: "Wenn ein CO-Melder warnt: Bringen Sie sofort alle an die frische Luft und rufen Sie die 112. {business_name} ist benachrichtigt.",
    fire: "Bei Rauch oder Feuer: Bringen Sie sofort alle nach draußen und rufen Sie die 112. Berühren Sie nichts, was brennt oder heiß ist. {business_name} ist benachrichtigt.",
    shock: "Halten Sie Abstand, berühren Sie nichts Nasses oder Metallisches. Schalten Sie, wenn es gefahrlos geht, die Hauptsicherung aus. Bei Verletzten oder Feuer: 112. {business_name} ist benachrichtigt.",
    water: "Wenn Sie können: Drehen Sie den Haupthahn zu (meist beim Wasserzähler) und bleiben Sie von nassen Steckdosen weg. {business_name} ist benachrichtigt.",
    climate: "Bleiben Sie alle in einem Raum, warm oder kühl, wie Sie es brauchen. Wenn sich jemand krank fühlt, rufen Sie die 112. {business_name} ist benachrichtigt.",
    trapped: "Wenn jemand in Gefahr, verletzt oder in einem heißen Auto ist, rufen Sie jetzt die 112. {business_name} ist benachrichtigt.",
    intrusion: "Wenn Sie sich nicht sicher fühlen, gehen Sie an einen sicheren Ort und rufen Sie jetzt die 112. {business_name} ist benachrichtigt.",
    falling: "Halten Sie alle vom Tor fern und benutzen Sie den Antrieb nicht. Ist jemand verletzt, rufen Sie die 112. {business_name} ist benachrichtigt.",
};

pub(crate) const SPANISH: SafetyPhrases = SafetyPhrases {
    gas: "Si huele a gas: salga ya del edificio, no use interruptores ni llamas, y desde fuera llame al 911 (en España, al 112) o a su empresa de gas. {business_name} ha recibido el aviso.",
    carbon_monoxide: "Si suena una alarma de CO: saque a todos al aire fresco ahora mismo y llame al 911 (en España, al 112). {business_name} ha recibido el aviso.",
    fire: "Si hay humo o fuego: saque a todos ahora mismo y llame al 911 (en España, al 112). No toque nada que arda o esté caliente. {business_name} ha recibido el aviso.",
    shock: "No se acerque ni toque nada mojado o de metal. Si puede hacerlo sin peligro, corte la corriente general. Si hay heridos o fuego, llame al 911 (en España, al 112). {business_name} ha recibido el aviso.",
    water: "Si puede: cierre la llave de paso general (suele estar junto al contador) y no se acerque a enchufes mojados. {business_name} ha recibido el aviso.",
    climate: "Mantenga a todos en una sala, caliente o fresca, como lo necesiten. Si alguien se siente mal, llame al 911 (en España, al 112). {business_name} ha recibido el aviso.",
    trapped: "Si alguien corre peligro, se ha hecho daño o sigue en un coche al sol, llame ya al 911 (en España, al 112). {business_name} ha recibido el aviso.",
    intrusion: "Si no se siente a salvo, vaya a un lugar seguro y llame ya al 911 (en España, al 112). {business_name} ha recibido el aviso.",
    falling: "Aleje a todos de la puerta y no use el motor. Si hay heridos, llame al 911 (en España, al 112). {business_name} ha recibido el aviso.",
};
